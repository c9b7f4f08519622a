package takeover

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// A source without its name gets our error: Caddy's own error would show all of it, with the key.
func TestSourceWithoutItsName(t *testing.T) {
	for _, member := range []string{"upstreams", "dynamic_upstreams", "Dynamic_Upstreams"} {
		for _, source := range []string{``, `"Source": "doors_upstream", `, `"source": "", `, `"source": 1, `} {
			config := `{"` + member + `": {` + source + `"secret": "` + caddytest.Secret + `", "upstreams": []}}`
			err := caddy.StrictUnmarshalJSON([]byte(config), new(Handler))
			if err == nil || !strings.Contains(err.Error(), member+": source is required") || strings.Contains(err.Error(), caddytest.Secret) {
				t.Errorf("%s: %v", config, err)
			}
		}
	}
}

func TestTwoSourcesInJSON(t *testing.T) {
	for _, other := range []string{`{"source": "a"}`, `{"source": "doors_upstream"}`, `null`} {
		config := `{"upstreams": {"source": "doors_upstream", "secret": "` + caddytest.Secret + `"}, "dynamic_upstreams": ` + other + `}`
		err := caddy.StrictUnmarshalJSON([]byte(config), new(Handler))
		if err == nil || !strings.Contains(err.Error(), "must be the only source of upstreams") || strings.Contains(err.Error(), caddytest.Secret) {
			t.Errorf("%s: %v", config, err)
		}
	}
}

// A request on a connection from before a reload may dial after Cleanup, which can then no longer
// close that connection to the pod.
func TestNoConnectionOutlivesItsHandler(t *testing.T) {
	pod := caddytest.StartPod(t, "127.0.1.1")
	if _, err := caddytest.StartCaddy(t, caddytest.OneUpstream, pod); err != nil {
		t.Fatal(err)
	}
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	server := app.(*caddyhttp.App).Servers["test"]
	for _, when := range []string{"before", "after"} {
		if when == "after" {
			if err := caddy.Stop(); err != nil {
				t.Fatal(err)
			}
		}
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil))
		if answer.Code != http.StatusOK || answer.Body.String() != "pod" {
			t.Fatalf("%s Cleanup: status %d, %q", when, answer.Code, answer.Body)
		}
		if open := pod.Open.Load(); when == "before" && open != 1 {
			t.Fatalf("%d connections to the pod, want one that waits for the next request", open)
		}
	}
	caddytest.Eventually(t, func() (problem string) {
		if open := pod.Open.Load(); open != 0 {
			problem = fmt.Sprintf("%d connections to the pod are left", open)
		}
		return problem
	})
}

// A misspelled source gets an error that says how to write it.
func TestMisspelledSources(t *testing.T) {
	for config, want := range map[string]string{
		`{"upstreams": {"source": "doors-upstream", "secret": "a"}}`:          `upstreams: unknown source of upstreams "doors-upstream"; did you mean doors_upstream?`,
		`{"dynamic_upstreams": {"source": "Doors"}}`:                          `dynamic_upstreams: unknown source of upstreams "Doors"; did you mean doors_upstream?`,
		`{"upstreams": [{"dial": "a:80"}, {"dial": "b", "source": "doors"}]}`: `upstreams[1]: a source of upstreams cannot be an element of a list; write "upstreams": {"source": "doors_upstream", ...}`,
	} {
		if err := caddy.StrictUnmarshalJSON([]byte(config), new(Handler)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", config, err, want)
		}
	}
}
