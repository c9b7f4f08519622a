package proxy

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// Whatever a pod or a header operation sets, there is exactly one decision header, and it is ours.
// That holds for interim answers too.
func TestOneDecisionHeader(t *testing.T) {
	const source = `"dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET", "decision_header": "x-why",
		"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}}`
	theirs := func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["X-Why"] = []string{"theirs", "twice"}
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "pod")
	}
	for name, test := range map[string]struct {
		handler string
		stock   bool
	}{
		"ours":                  {`{"handler": "reverse_proxy", ` + source, false},
		"ours with header_down": {`{"handler": "reverse_proxy", "headers": {"response": {"add": {"X-Why": ["added"]}, "set": {"X-Other": ["a"]}}}, ` + source, false},
		"ours with a route":     {`{"handler": "reverse_proxy", "handle_response": [{"routes": [{"handle": [{"handler": "copy_response"}]}]}], ` + source, false},
		"stock":                 {`{"handler": "reverse_proxy", ` + source, true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.stock {
				defer caddytest.PutBackStock(t)()
			}
			pod := caddytest.StartPodWith(t, "127.0.1.1", theirs)
			url, err := caddytest.StartCaddy(t, test.handler, pod)
			if err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]string{
				"/": "upstream;reason=only_upstream;path=page;upstream=0",
				"/~/" + caddytest.TokenOf(t, "127.0.1.1") + "/s/1": "pod;path=sync;upstream=0",
				"/~/" + caddytest.TokenOf(t, "127.0.2.1") + "/h/1": "gone;reason=no_cidr;path=hook",
			} {
				var interim []string
				r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
					Got1xxResponse: func(_ int, header textproto.MIMEHeader) error {
						interim = append(interim, header["X-Why"]...)
						return nil
					},
				}), "GET", url+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if got := answer.Header["X-Why"]; !slices.Equal(got, []string{want}) {
					t.Errorf("%s: %q, want %q", path, got, want)
				}
				if fromPod := !strings.HasPrefix(want, "gone"); fromPod && !slices.Equal(interim, []string{want}) {
					t.Errorf("%s: interim answer with %q, want %q", path, interim, want)
				}
			}
		})
	}
}
