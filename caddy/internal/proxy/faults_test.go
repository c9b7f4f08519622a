package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// An error of the user's handlers after a pod has answered is not changed, and counts neither as
// the pod's fault nor as Caddy's.
func TestErrorsAfterTheAnswerAreNotOurs(t *testing.T) {
	pod := caddytest.StartPod(t, "127.0.1.1")
	paths := []string{"/", "/~/" + caddytest.TokenOf(t, "127.0.1.1") + "/h/1/1", "/~/" + caddytest.TokenOf(t, "127.0.1.1") + "/r/app.js"}
	for route, want := range map[string]int{
		`{"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.1.1:1"}]}`:                                          http.StatusBadGateway,
		`{"handler": "reverse_proxy", "upstreams": []}`:                                                                 http.StatusServiceUnavailable,
		`{"handler": "error", "status_code": 418}`:                                                                      http.StatusTeapot,
		`{"handler": "copy_response", "status_code": "418"}, {"handler": "error", "error": "late", "status_code": 500}`: http.StatusTeapot,
	} {
		handler := strings.Replace(caddytest.OneUpstream, `{"handler": "reverse_proxy",`, `{"handler": "reverse_proxy", "handle_response": [{"routes": [{"handle": [`+route+`]}]}],`, 1)
		url, err := caddytest.StartCaddy(t, handler, pod)
		if err != nil {
			t.Fatal(route, err)
		}
		for _, path := range paths {
			response, err := http.Get(url + path)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			ours := response.Header.Get("Retry-After") != ""
			if response.StatusCode != want || ours {
				t.Errorf("%s, %s: status %d, Retry-After %t; want %d without it", route, path, response.StatusCode, ours, want)
			}
		}
	}
}
