// Package caddytest runs Caddy in the process of a test. A test that uses it must import package
// caddydoors, which registers the modules. No other code may import it.
package caddytest

import (
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
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	doorscaddy "github.com/doors-dev/doors-caddy"
)

// Secret is a key of 32 bytes, in base64.
const Secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// Pod is an HTTP server on its own address. It answers every request with 200 and counts
// connections.
type Pod struct {
	Address netip.AddrPort
	Dialled atomic.Int32
	Open    atomic.Int32 // connections
}

// StartPod starts a pod.
func StartPod(t *testing.T, address string) *Pod {
	t.Helper()
	return StartPodWith(t, address, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "pod") })
}

// StartPodWith starts a pod with a handler.
func StartPodWith(t *testing.T, address string, handler http.HandlerFunc) *Pod {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	pod := &Pod{Address: netip.MustParseAddrPort(listener.Addr().String())}
	server := &http.Server{
		Handler: handler,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				pod.Dialled.Add(1)
				pod.Open.Add(1)
			case http.StateClosed, http.StateHijacked:
				pod.Open.Add(-1)
			}
		},
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return pod
}

// OneUpstream is the JSON of a handler with one upstream on 127.0.1.1, for StartCaddy.
const OneUpstream = `{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "SECRET",
	"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]}}`

// StartCaddy runs Caddy with one route and returns its URL. "PORT" and "SECRET" in the handler's
// JSON stand for the pod's port and the test's key.
func StartCaddy(t *testing.T, handler string, pod *Pod) (url string, err error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	handler = strings.NewReplacer("PORT", fmt.Sprint(pod.Address.Port()), "SECRET", Secret).Replace(handler)
	config := fmt.Sprintf(`{"admin": {"disabled": true, "config": {"persist": false}}, "logging": {"logs": {"default": {"level": "ERROR"}}},
		"apps": {"http": {"servers": {"test": {"listen": [%q], "routes": [{"handle": [%s]}]}}}}}`, address, handler)
	t.Cleanup(func() { caddy.Stop() })
	return "http://" + address, caddy.Load([]byte(config), true)
}

// Eventually waits until check returns no problem.
func Eventually(t testing.TB, check func() (problem string)) {
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

// TokenOf returns the token of a pod.
func TokenOf(t testing.TB, address string) string {
	t.Helper()
	return TokenSealedWith(t, Secret, address)
}

// TokenSealedWith returns a token encrypted with another secret.
func TokenSealedWith(t testing.TB, secret, address string) string {
	t.Helper()
	cipher, err := doorscaddy.NewTokenCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	return cipher.Encode(netip.MustParseAddr(address))
}

// DeadPod returns a pod that does not listen yet.
func DeadPod(t *testing.T, address string) *Pod {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return &Pod{Address: netip.MustParseAddrPort(listener.Addr().String())}
}
