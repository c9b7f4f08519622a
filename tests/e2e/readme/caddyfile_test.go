// Tests of the sample configurations, with their placeholders filled in. Caddy adapts and validates each
// of them, and some are run.

package readme

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

var (
	filePlaceholder = regexp.MustCompile(`\{file\.([^}]+)\}`)
	envPlaceholder  = regexp.MustCompile(`\{env\.([A-Z_]+)\}`)
	blank           = regexp.MustCompile(`<[^>]*>`)
)

// fill puts a key into the blank of a sample, and replaces {file.*} with the path of a file that
// contains the key.
func fill(t *testing.T, text, secret string) string {
	t.Helper()
	text = strings.ReplaceAll(text, "<base64-aes-key>", secret)
	if left := blank.FindString(text); left != "" {
		t.Fatalf("nothing to put in place of %s", left)
	}
	folder, err := os.MkdirTemp("", "doors") // errors show only short file names
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	return filePlaceholder.ReplaceAllString(text, "{file."+write(t, folder, "secret", secret+"\n", 0o600)+"}")
}

// setEnvironment sets the variables that the documents use.
func setEnvironment(t *testing.T, secret string) {
	t.Setenv("DOORS_SECRET", secret)
	t.Setenv("POD_CIDR", "10.0.0.0/24")
	t.Setenv("POD_IP", "10.0.0.7")
}

// validate loads a configuration without running it.
func validate(t *testing.T, name, text string) (messages string, ok bool) {
	t.Helper()
	arguments := []string{"validate", "--config", name}
	if name == "Caddyfile" {
		arguments = append(arguments, "--adapter", "caddyfile")
	}
	output, messages, ok := harness.Run(t, harness.Default, map[string]string{name: text}, arguments...)
	return output + messages, ok
}

func mustValidate(t *testing.T, name, text string) {
	t.Helper()
	if messages, ok := validate(t, name, text); !ok {
		t.Fatalf("Caddy refuses\n%s\n%s", text, messages)
	}
}

// mustRefuse expects an error that contains part.
func mustRefuse(t *testing.T, name, text, part string) {
	t.Helper()
	messages, ok := validate(t, name, text)
	if ok || !strings.Contains(messages, part) {
		t.Errorf("accepted %v, without %q in its message\n%s\n%s", ok, part, text, messages)
	}
}

func mustAdapt(t *testing.T, text string) string {
	t.Helper()
	adapted, messages, ok := harness.Adapt(t, harness.Default, text)
	if !ok {
		t.Fatalf("Caddy cannot adapt\n%s\n%s", text, messages)
	}
	return adapted
}

func testCaddyfile(t *testing.T, d document, sample *block) {
	secret := harness.NewSecret(32)
	setEnvironment(t, secret)
	text := fill(t, sample.text, secret)
	adapted := mustAdapt(t, text)
	mustValidate(t, "Caddyfile", text)

	source := strings.Contains(text, "dynamic_upstreams doors_upstream")
	if source {
		ours := replaceOnce(t, text, "dynamic_upstreams doors_upstream", "dynamic doors_upstream")
		if other := mustAdapt(t, ours); !harness.SameJSON(t, adapted, other) {
			t.Errorf("Caddy's own spelling gives\n%s\nnot\n%s", other, adapted)
		}
		mustRefuse(t, "Caddyfile", strings.ReplaceAll(text, "upstream_port", "upstream_gate"), "upstream_gate")
	}
	// The filled-in values are really read: without them the configuration is rejected.
	for _, name := range envPlaceholder.FindAllStringSubmatch(text, -1) {
		t.Run(name[1]+" is empty", func(t *testing.T) {
			t.Setenv(name[1], "")
			mustRefuse(t, "Caddyfile", text, name[0])
		})
	}
	if file := filePlaceholder.FindString(text); file != "" {
		mustRefuse(t, "Caddyfile", strings.ReplaceAll(text, "/secret}", "/nothing}"), "/nothing}")
	}
	if placeholder := "secret {env.DOORS_SECRET}"; strings.Contains(text, placeholder) {
		if strings.Contains(adapted, secret) {
			t.Errorf("the configuration has the key: %s", adapted)
		}
		if other := mustAdapt(t, replaceOnce(t, text, placeholder, "secret {$DOORS_SECRET}")); !strings.Contains(other, secret) {
			t.Errorf("{$DOORS_SECRET} does not put the key into the configuration: %s", other)
		}
	}
	for _, special := range specials {
		if strings.Contains(text, special.word) {
			special.test(t, text)
		}
	}
}

// specials are the configurations with further tests, each with a word that only it contains.
var specials = []struct {
	word string
	test func(t *testing.T, text string)
}{
	{"format filter", testLogFilter},
	{"grace_period", testGracePeriod},
	{"doors_status", testStatus},
}

// Each special configuration is in the documents.
func TestSpecialsAreThere(t *testing.T) {
	var all strings.Builder
	for _, name := range pages(t) {
		for _, sample := range read(t, name).blocks {
			if sample.language == "caddyfile" {
				all.WriteString(sample.text)
			}
		}
	}
	for _, special := range specials {
		if !strings.Contains(all.String(), special.word) {
			t.Errorf("no Caddyfile has %q", special.word)
		}
	}
}

// server puts the JSON of a handler into a configuration.
func server(handler string) string {
	return fmt.Sprintf(`{"apps": {"http": {"servers": {"site": {"routes": [{"handle": [%s]}]}}}}}`, handler)
}

// jsonFragment matches a JSON member that the text mentions as another spelling.
var jsonFragment = regexp.MustCompile("`(\"(?:cidr|host)s\": \\[[^`]*\\])`")

// testJSON validates a handler or a configuration. Any other JSON is the output of a program, and
// another test must compare it.
func testJSON(t *testing.T, d document, sample *block) {
	secret := harness.NewSecret(32)
	text := fill(t, sample.text, secret)
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", sample, err)
	}
	switch {
	case value["apps"] != nil:
		mustValidate(t, "caddy.json", text)
		return
	case value["draining"] != nil:
		return // testLife compares it
	case value["handler"] == nil:
		testElsewhere(t, d, sample)
		return
	}
	mustValidate(t, "caddy.json", server(text))
	if d.name != configuration {
		return
	}
	mustRefuse(t, "caddy.json", server(replaceOnce(t, text, `"port"`, `"gate"`)), "gate")

	own := replaceOnce(t, text, `"upstreams": {`, `"dynamic_upstreams": {`)
	mustValidate(t, "caddy.json", server(own))
	fragments := jsonFragment.FindAllStringSubmatch(d.prose, -1)
	if len(fragments) != 2 {
		t.Fatalf(`the text shows %q, and not how to write several networks and several hosts`, fragments)
	}
	several := replaceOnce(t, text, `"cidr": "10.0.0.0/24"`, fragments[0][1])
	mustValidate(t, "caddy.json", server(replaceOnce(t, several, `"host": "svc.namespace.svc.cluster.local"`, fragments[1][1])))

	// According to the text the first Caddyfile means the same.
	var config any
	check(t, json.Unmarshal([]byte(mustAdapt(t, fill(t, d.first(t, "caddyfile").text, secret))), &config))
	handlers, err := json.Marshal(find(config, "reverse_proxy"))
	check(t, err)
	if !harness.SameJSON(t, "["+own+"]", string(handlers)) {
		t.Errorf("the first Caddyfile is\n%s\nthe JSON\n%s", handlers, own)
	}
}

// find returns all handlers with a name, at any depth.
func find(config any, name string) (found []any) {
	switch value := config.(type) {
	case map[string]any:
		if value["handler"] == name {
			return []any{value}
		}
		for _, inner := range value {
			found = append(found, find(inner, name)...)
		}
	case []any:
		for _, inner := range value {
			found = append(found, find(inner, name)...)
		}
	}
	return found
}

// testStatus checks that the site serves the page and the state at its path.
func testStatus(t *testing.T, text string) {
	port := harness.Port(t, "127.0.0.1")
	site := replaceOnce(t, text, "127.0.0.1:2020", fmt.Sprintf("127.0.0.1:%d", port))
	path := write(t, t.TempDir(), "Caddyfile", "{\n\tadmin off\n}\n"+site, 0o600)
	harness.StartCommand(t, harness.Default, port, "run", "--config", path, "--adapter", "caddyfile")
	for path, contentType := range map[string]string{"/": "text/html; charset=utf-8", "/state": "application/json"} {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
		check(t, err)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != contentType {
			t.Errorf("%s: %s, %v", path, answer.Status, answer.Header)
		}
	}
}
