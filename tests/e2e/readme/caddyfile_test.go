package readme

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// In:  a sample configuration.
// Out: Caddy's opinion of it, with its placeholders filled in. Nothing listens.

var (
	filePlaceholder = regexp.MustCompile(`\{file\.([^}]+)\}`)
	envPlaceholder  = regexp.MustCompile(`\{env\.([A-Z_]+)\}`)
	blank           = regexp.MustCompile(`<[^>]*>`)
)

// fill puts a key where the sample leaves a blank, and points {file.*} at a
// file that has it.
func fill(t *testing.T, text, secret string) string {
	t.Helper()
	text = strings.ReplaceAll(text, "<base64-aes-key>", secret)
	if left := blank.FindString(text); left != "" {
		t.Fatalf("nothing to put in place of %s", left)
	}
	return filePlaceholder.ReplaceAllString(text, "{file."+write(t, t.TempDir(), "secret", secret+"\n", 0o600)+"}")
}

// setEnvironment sets the variables of the documents.
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

// mustRefuse wants an error that contains part.
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

func testCaddyfile(t *testing.T, readme document, sample *block) {
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
	// What is filled in is really read: without it the configuration is refused.
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
	switch {
	case strings.Contains(text, "format filter"):
		testLogFilter(t, text)
	case strings.Contains(text, "grace_period"):
		testGracePeriod(t, readme, text)
	case strings.Contains(text, "doors_status"):
		testStatus(t, text)
	case !source:
		t.Fatal("no test tells whether this Caddyfile does what the text around it says")
	}
}

// server wraps the JSON of a handler.
func server(handler string) string {
	return fmt.Sprintf(`{"apps": {"http": {"servers": {"site": {"routes": [{"handle": [%s]}]}}}}}`, handler)
}

// jsonFragment is a member that the text names as another spelling.
var jsonFragment = regexp.MustCompile("`(\"cidrs\": \\[[^`]*\\])`")

func testJSON(t *testing.T, readme document, sample *block) {
	secret := harness.NewSecret(32)
	text := fill(t, sample.text, secret)
	mustValidate(t, "caddy.json", server(text))
	mustRefuse(t, "caddy.json", server(replaceOnce(t, text, `"port"`, `"gate"`)), "gate")

	own := replaceOnce(t, text, `"upstreams": {`, `"dynamic_upstreams": {`)
	mustValidate(t, "caddy.json", server(own))
	fragment := jsonFragment.FindStringSubmatch(readme.prose)
	if fragment == nil {
		t.Fatal(`the text does not tell of "cidrs"`)
	}
	mustValidate(t, "caddy.json", server(replaceOnce(t, text, `"cidr": "10.0.0.0/24"`, fragment[1])))

	// The first Caddyfile is said to be the same.
	var config any
	check(t, json.Unmarshal([]byte(mustAdapt(t, fill(t, readme.first(t, "caddyfile").text, secret))), &config))
	handlers, err := json.Marshal(find(config, "reverse_proxy"))
	check(t, err)
	if !harness.SameJSON(t, "["+own+"]", string(handlers)) {
		t.Errorf("the first Caddyfile is\n%s\nthe JSON\n%s", handlers, own)
	}
}

// find lists the handlers with a name, however deep they stand.
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

// testStatus: the site has the page and the state, where it says.
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
