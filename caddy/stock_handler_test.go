package caddydoors

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	doorscaddy "github.com/doors-dev/doors-caddy"
)

// testPod is an HTTP server on an address of its own that answers every request with 200 and counts connections.
type testPod struct {
	address netip.AddrPort
	dialled atomic.Int32
	open    atomic.Int32 // connections
}

func startTestPod(t *testing.T, address string) *testPod {
	t.Helper()
	return startTestPodWith(t, address, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "pod") })
}

// startTestPodWith starts one that answers in its own way.
func startTestPodWith(t *testing.T, address string, handler http.HandlerFunc) *testPod {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	pod := &testPod{address: netip.MustParseAddrPort(listener.Addr().String())}
	server := &http.Server{
		Handler: handler,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				pod.dialled.Add(1)
				pod.open.Add(1)
			case http.StateClosed, http.StateHijacked:
				pod.open.Add(-1)
			}
		},
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return pod
}

// oneServer is a handler, for startCaddy, with one server on 127.0.1.1.
const oneServer = `{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "SECRET",
	"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}}`

// startCaddy runs a Caddy with one route in this process and returns its URL. "PORT" and "SECRET" in the handler's JSON
// stand for the pod's port and the test's key.
func startCaddy(t *testing.T, handler string, pod *testPod) (url string, err error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	handler = strings.NewReplacer("PORT", fmt.Sprint(pod.address.Port()), "SECRET", testSecret).Replace(handler)
	config := fmt.Sprintf(`{"admin": {"disabled": true, "config": {"persist": false}}, "logging": {"logs": {"default": {"level": "ERROR"}}},
		"apps": {"http": {"servers": {"test": {"listen": [%q], "routes": [{"handle": [%s]}]}}}}}`, address, handler)
	t.Cleanup(func() { caddy.Stop() })
	return "http://" + address, caddy.Load([]byte(config), true)
}

// eventually waits until the check finds no problem.
func eventually(t testing.TB, check func() (problem string)) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		problem := check()
		if problem == "" {
			return
		}
		if time.Now().After(limit) {
			t.Fatal(problem)
		}
	}
}

func tokenOf(t testing.TB, address string) string {
	t.Helper()
	return tokenSealedWith(t, testSecret, address)
}

func tokenSealedWith(t testing.TB, secret, address string) string {
	t.Helper()
	cipher, err := doorscaddy.NewTokenCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	return cipher.Encode(netip.MustParseAddr(address))
}

// A Caddy whose tables cannot be taken over still routes by its own spelling, and pages get the answers they understand.
func TestRoutesUnderEitherHandler(t *testing.T) {
	const handler = `{"handler": "reverse_proxy", "headers": {"response": {"set": {"X-Pod": ["{http.doors.decision} {http.doors.pod}"]}}},
		"dynamic_upstreams": {"source": "doors_upstream", "secret": "SECRET", "decision_header": "X-Why",
		"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}}`
	for _, handlerKind := range []string{"ours", "stock"} {
		t.Run(handlerKind, func(t *testing.T) {
			if handlerKind == "stock" {
				defer putBackStock(t)()
			}
			pod := startTestPod(t, "127.0.1.1")
			url, err := startCaddy(t, handler, pod)
			if err != nil {
				t.Fatal(err)
			}
			// Pages are told to reload only once a pod is known that takes them.
			if response, err := http.Get(url); err != nil || response.Body.Close() != nil {
				t.Fatal(err)
			}
			dialled := pod.dialled.Load()
			forged := tokenSealedWith(t, base64.StdEncoding.EncodeToString(make([]byte, 16)), "127.0.1.1")
			for _, test := range []struct {
				path   string
				status int
				why    string
			}{
				{"/~/" + forged + "/s/1", http.StatusGone, "gone;reason=no_key_opens_the_token;path=sync"},
				{"/~/" + tokenOf(t, "127.0.2.1") + "/h/1/1", http.StatusGone, "gone;reason=the_address_is_in_no_CIDR;path=hook"},
				{"/~/" + tokenOf(t, "127.0.1.9") + "/s/1", http.StatusGone, "pod;reason=pod_gone;path=sync;upstream=0"}, // nothing listens there
				{"/~/" + tokenOf(t, "127.0.1.1") + "/s/1", http.StatusOK, "pod;path=sync;upstream=0"},
				{"/", http.StatusOK, "server;reason=only_upstream;path=page;upstream=0"},
			} {
				if test.status == http.StatusGone && pod.dialled.Load() != dialled {
					t.Fatal("the pod was dialled for a page that is gone")
				}
				response, err := http.Get(url + test.path)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				if response.StatusCode != test.status {
					t.Errorf("%s: status %d, want %d", test.path, response.StatusCode, test.status)
				}
				if why := response.Header["X-Why"]; len(why) != 1 || why[0] != test.why {
					t.Errorf("%s: decision %q, want %q", test.path, why, test.why)
				}
				if seen := response.Header.Get("X-Pod"); test.status == http.StatusOK && !strings.HasSuffix(seen, " "+pod.address.String()) {
					t.Errorf("%s: the placeholders have %q, want %s", test.path, seen, pod.address)
				}
				if got := response.Header.Get("Cache-Control"); test.status == http.StatusGone && got != "no-store" {
					t.Errorf("%s: Cache-Control %q, want no-store", test.path, got)
				}
			}
		})
	}
}

// Where the source cannot do its work it says so when the configuration is loaded, and the old configuration stays.
func TestRefusesToProvision(t *testing.T) {
	const source = `{"source": "doors_upstream", "secret": "SECRET", "upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}`
	pod := startTestPod(t, "127.0.1.1")
	for name, test := range map[string]struct{ handler, want string }{
		"in multi":         {`{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "multi", "sources": [` + source + `]}}`, "multi"},
		"static upstreams": {`{"handler": "reverse_proxy", "dynamic_upstreams": ` + source + `, "upstreams": [{"dial": "127.0.0.1:1"}]}`, "static upstreams"},
		"two sources":      {`{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "a", "name": "a", "port": "1"}, "upstreams": ` + source + `}`, "dynamic_upstreams"},
		"fastcgi":          {`{"handler": "reverse_proxy", "transport": {"protocol": "fastcgi"}, "dynamic_upstreams": ` + source + `}`, "transport"},
		"unknown member":   {`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secrets": "SECRET"}}`, `"secrets"`},
		"no placeholder":   {`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "{env.DOORS_TEST_NOT_SET}"}}`, "{env.DOORS_TEST_NOT_SET}"},
		"a bad port":       {`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "SECRET", "upstreams": [{"cidr": "10.0.0.0/8", "host": "a", "port": 0}]}}`, "upstreams[0].port"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := startCaddy(t, test.handler, pod)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), testSecret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}
