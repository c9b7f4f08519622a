// Package original runs the configurations of the v0.1 versions with the new binary, and the samples of
// docs/migrate.md.
package original

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Two fresh pods, one for each upstream, and one that has left DNS.
const (
	fresh    = "127.0.1.1"
	draining = "127.0.1.2"
	other    = "127.0.2.1"
)

// The host names of the samples, and one for a second upstream.
const (
	firstHost  = "svc.namespace.svc.cluster.local"
	secondHost = "svc-2.namespace.svc.cluster.local"
)

// samples returns the Caddyfiles of docs/migrate.md in order.
func samples(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "docs/migrate.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range regexp.MustCompile("(?s)```caddyfile\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		found = append(found, match[1])
	}
	if len(found) != 3 {
		t.Fatalf("docs/migrate.md has %d Caddyfiles, want 3", len(found))
	}
	return found
}

// replaceOnce replaces the only occurrence of old in a text.
func replaceOnce(t *testing.T, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q occurs %d times in\n%s", old, strings.Count(text, old), text)
	}
	return strings.Replace(text, old, new, 1)
}

// handlersOf returns the directives of a sample's site.
func handlersOf(t *testing.T, sample string) string {
	t.Helper()
	body, ok := strings.CutPrefix(sample, "example.com {\n")
	if !ok || !strings.HasSuffix(body, "\n}\n") {
		t.Fatalf("not one site:\n%s", sample)
	}
	return strings.TrimSuffix(body, "}\n")
}

// forPods fills the key, the network and the port of a cluster into a sample.
func forPods(t *testing.T, cluster *Cluster, text string) string {
	t.Helper()
	text = replaceOnce(t, text, "<base64-aes-key>", cluster.Secret)
	return strings.NewReplacer("10.0.0.0/24", "127.0.1.0/24", "10.0.1.0/24", "127.0.2.0/24", "8080", fmt.Sprint(cluster.Port)).Replace(text)
}

// originalJSON is the JSON of the v0.1 versions, with SOURCE for the member that names the source.
const originalJSON = `{"handler": "doors_handler", "secret": "<base64-aes-key>", "cookie_name": "upstream", "upstreams": [
	{"cidr": "10.0.0.0/24", "host": "` + firstHost + `", "port": 8080}]},
	{"handler": "reverse_proxy", "SOURCE": {"source": "doors_upstreams"}}`

const (
	caddyfileUpstream = "upstream {\npod_cidr 10.0.1.0/24\nhost " + secondHost + "\nupstream_port 8080\n}\n"
	jsonUpstream      = `, {"cidr": "10.0.1.0/24", "host": "` + secondHost + `", "port": 8080}`
)

// The configurations of the v0.1 versions work as before, in each spelling, with one upstream and with
// two.
func TestConfigurations(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, fresh, draining, other)
	documented := handlersOf(t, samples(t)[0])
	for name, config := range map[string]Config{
		"Caddyfile":          {Handlers: documented},
		"Caddyfile, Caddy's": {Handlers: replaceOnce(t, documented, "dynamic_upstreams", "dynamic")},
		"JSON":               {JSON: strings.Replace(originalJSON, "SOURCE", "upstreams", 1)},
		"JSON, Caddy's":      {JSON: strings.Replace(originalJSON, "SOURCE", "dynamic_upstreams", 1)},
	} {
		for _, upstreams := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d upstreams", name, upstreams), func(t *testing.T) {
				t.Parallel()
				config := config
				if upstreams == 2 {
					if config.JSON != "" {
						config.JSON = replaceOnce(t, config.JSON, "8080}", "8080}"+jsonUpstream)
					} else {
						config.Handlers = replaceOnce(t, config.Handlers, "upstream {", caddyfileUpstream+"upstream {")
					}
				}
				if config.JSON != "" {
					config.JSON = forPods(t, cluster, config.JSON)
				} else {
					config.Handlers = forPods(t, cluster, config.Handlers)
				}
				caddy := Start(t, Options{Config: config, Hosts: NewHosts(map[string][]string{firstHost: {fresh}, secondHost: {other}})})
				check(t, caddy, cluster, upstreams)
			})
		}
	}
}

// check sends requests of all kinds and checks that they reach the right pods.
func check(t *testing.T, caddy *Caddy, cluster *Cluster, upstreams int) {
	t.Helper()
	client := caddy.NewClient(t, H1)
	get := func(path string, cookie ...string) (status int, pods []string) {
		t.Helper()
		uri := fmt.Sprintf("%s?test=%s", path, strings.NewReplacer("/", "-", " ", "-", "'", "-", ",", "-", "#", "-").Replace(t.Name()+strings.Join(cookie, "")))
		answer := client.Do(Request{Path: uri, Cookie: cookie})
		return answer.Status, cluster.Saw(uri)
	}
	wants := func(what, path, pod string, cookie ...string) {
		t.Helper()
		if status, pods := get(path, cookie...); !slices.Equal(pods, []string{pod}) {
			t.Errorf("%s: status %d, seen by %v, want %s", what, status, pods, pod)
		}
	}
	gone := func(what, path string) {
		t.Helper()
		if status, pods := get(path); status != http.StatusGone || len(pods) > 0 {
			t.Errorf("%s: status %d, seen by %v, want 410", what, status, pods)
		}
	}
	wants("a page of the fresh pod", "/~/"+cluster.Token(fresh)+"/x", fresh)
	wants("a page of the pod that drains", "/~/"+cluster.Token(draining)+"/x", draining)
	gone("a forged token", "/~/forged/x")
	gone("a token of another key", "/~/"+Token(t, NewSecret(32), fresh)+"/x")
	gone("a token of no network", "/~/"+cluster.Token("127.0.3.1")+"/x")
	gone("a token of a pod that does not listen", "/~/"+cluster.Token("127.0.1.99")+"/x")
	if status, pods := get("/.well-known/acme-challenge/token"); status != http.StatusNotFound || len(pods) > 0 {
		t.Errorf("an ACME challenge: status %d, seen by %v, want 404", status, pods)
	}

	ofSecond := "upstream=" + cluster.Token(other)
	if upstreams == 1 {
		wants("a page of no upstream", "/", fresh, ofSecond)
		gone("a token of no upstream", "/~/"+cluster.Token(other)+"/x")
	} else {
		wants("a new page, by its cookie", "/", other, ofSecond)
		wants("a new page, by the cookie of a pod that drains", "/", fresh, "upstream="+cluster.Token(draining))
		wants("a page of the second upstream", "/~/"+cluster.Token(other)+"/x", other)
	}

	seen := map[string]int{}
	for range 20 {
		browser := caddy.NewBrowser(t, H1)
		page := browser.MustLoad("/")
		seen[page.Pod]++
		again := browser.MustLoad("/again")
		if again.Pod != page.Pod {
			t.Errorf("a visitor of %s was led to %s", page.Pod, again.Pod)
		}
		if answer, err := browser.Send(Request{Method: "POST", Path: page.Hook(pod.HookClick, 1), Body: strings.NewReader(`{}`)}); err != nil || answer.Status != http.StatusOK {
			t.Errorf("a click: %d, %v", answer.Status, err)
		}
	}
	if len(seen) != upstreams || seen[draining] > 0 {
		t.Errorf("new pages went to %v", seen)
	}

	// The other features of a source work too.
	if status, metrics := caddy.Admin("GET", "/metrics", "", nil); status != http.StatusOK || !strings.Contains(metrics, "caddy_doors_gone_total{") {
		t.Errorf("metrics: %d", status)
	}
	var state struct{ Sources []any }
	status, text := caddy.Admin("GET", "/doors", "", nil)
	if err := json.Unmarshal([]byte(text), &state); status != http.StatusOK || err != nil || len(state.Sources) == 0 {
		t.Errorf("state: %d, %v, %s", status, err, text)
	}
}

const saysWhy = "doors_upstreams: the request has passed no doors_handler before this reverse_proxy"

// Requests that pass no doors_handler get 503, and one log line says why. ACME challenges pass
// unchanged.
func TestRequestsThatPassNoHandler(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, fresh)
	handlers := replaceOnce(t, forPods(t, cluster, handlersOf(t, samples(t)[0])), "doors_handler {", "doors_handler /app/* {") +
		"\trespond /.well-known/acme-challenge/* challenge\n"
	caddy := Start(t, Options{Config: Config{Handlers: handlers}, Hosts: NewHosts(map[string][]string{firstHost: {fresh}})})
	client := caddy.NewClient(t, H1)
	if answer := client.Get("/app/"); answer.Header.Get("Via") == "" {
		t.Errorf("with a handler: %d, %v", answer.Status, answer.Header)
	}
	if answer := client.Get("/.well-known/acme-challenge/token"); answer.Body != "challenge" {
		t.Errorf("a challenge: %d, %q", answer.Status, answer.Body)
	}
	if answer := client.Get("/"); answer.Status != http.StatusServiceUnavailable {
		t.Errorf("without a handler: %d", answer.Status)
	}
	caddy.Output.Wait(t, saysWhy, Patience)
	for _, line := range strings.Split(caddy.Output.String(), "\n") {
		if strings.Contains(line, `"level":"error"`) && !(strings.Contains(line, saysWhy) && strings.Contains(line, `"uri":"/"`)) {
			t.Errorf("another error: %s", line)
		}
	}
	if lines := strings.Count(caddy.Output.String(), saysWhy); lines != 1 {
		t.Errorf("%d lines say so", lines)
	}
}

// A configuration that cannot be loaded is rejected with a helpful error.
func TestRefusals(t *testing.T) {
	documented := samples(t)[0]
	start, end := strings.Index(documented, "    doors_handler"), strings.Index(documented, "    reverse_proxy")
	for caddyfile, want := range map[string]string{
		documented[:start] + documented[end:]: "doors_upstreams: no request passes a doors_handler before this reverse_proxy",
		"example.com {\n    doors_geo {\n        us.example.com {\n            US CA\n        }\n    }\n}\n": "as docs/migrate.md shows, at Caddyfile:2",
		"example.com {\n    doors_handler {\n        secret " + NewSecret(32) + "\n        upstream {\n            pod_cidr 10.0.0.0/24\n            host a\n            upstream_port 1\n        }\n        upstream {\n            pod_cidr 10.0.0.0/24\n            host b\n            upstream_port 1\n        }\n        cookie_name c\n    }\n}\n": "10.0.0.0/24 is the same network",
	} {
		_, messages, ok := Run(t, Default, map[string]string{"Caddyfile": strings.Replace(caddyfile, "<base64-aes-key>", NewSecret(32), 1)}, "validate", "--config", "Caddyfile", "--adapter", "caddyfile")
		if ok || !strings.Contains(messages, want) {
			t.Errorf("accepted %t, without %q in\n%s\n%s", ok, want, messages, caddyfile)
		}
	}
}

// The documented form has the same options as the one it replaces.
func TestBothFormsAreTheSame(t *testing.T) {
	all := samples(t)
	secret := NewSecret(32)
	handlers := func(sample string) (found map[string]map[string]any) {
		t.Helper()
		adapted, messages, ok := Adapt(t, Default, replaceOnce(t, sample, "<base64-aes-key>", secret))
		if !ok {
			t.Fatal(messages)
		}
		var config struct {
			Apps struct {
				HTTP struct {
					Servers map[string]struct {
						Routes []struct {
							Handle []struct {
								Routes []struct {
									Handle []map[string]any
								}
							}
						}
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(adapted), &config); err != nil {
			t.Fatal(err)
		}
		found = map[string]map[string]any{}
		for _, route := range config.Apps.HTTP.Servers["srv0"].Routes[0].Handle[0].Routes {
			for _, handler := range route.Handle {
				found[handler["handler"].(string)] = handler
			}
		}
		return found
	}
	before, after := handlers(all[0])["doors_handler"], handlers(all[1])["reverse_proxy"]["dynamic_upstreams"].(map[string]any)
	delete(before, "handler")
	delete(after, "source")
	if was, is := fmt.Sprint(before), fmt.Sprint(after); was != is || len(before) < 3 {
		t.Errorf("before %s\nafter  %s", was, is)
	}
}
