package proxy

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// What handlers of the user do after a pod has answered is neither the pod's fault nor Caddy's: its error stays what it is.
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

// Each kind of fault has a line that names it, at most once in ten seconds.
func TestFaultsAreNamed(t *testing.T) {
	core, lines := observer.New(zap.ErrorLevel)
	source := &Source{process: &Process{started: time.Now()}, logger: zap.New(core)}
	dial := func(cause error) error {
		return fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Net: "tcp", Err: cause})
	}
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.EADDRNOTAVAIL, syscall.EPERM, syscall.EMFILE, syscall.ESRCH, syscall.EMFILE} {
		source.logFaultHere(dial(os.NewSyscallError("connect", errno)))
	}
	source.logFaultHere(fmt.Errorf("proxyconnect tcp: refused"))
	want := []struct{ errno, check string }{
		{"EMFILE", "LimitNOFILE"}, {"EADDRNOTAVAIL", "ip_local_port_range"}, {"EPERM", "nftables"}, {"errno 3", "limits"}, {"", "forward proxy"},
	}
	if lines.Len() != len(want) {
		t.Fatalf("%d lines, want %d", lines.Len(), len(want))
	}
	for i, line := range lines.All() {
		fields := line.ContextMap()
		if fields["errno"] != want[i].errno || !strings.Contains(fmt.Sprint(fields["check"]), want[i].check) {
			t.Errorf("line %d: %v, want %v", i, fields, want[i])
		}
	}
}

func TestFaultsPause(t *testing.T) {
	var f faults
	at := func(now time.Duration, suppressed int, due bool) {
		t.Helper()
		if gotSuppressed, gotDue := f.due(syscall.EMFILE, now); gotSuppressed != suppressed || gotDue != due {
			t.Errorf("at %v: %d, %t; want %d, %t", now, gotSuppressed, gotDue, suppressed, due)
		}
	}
	at(0, 0, true)
	at(time.Second, 0, false)
	at(faultPause-1, 0, false)
	at(faultPause, 2, true)
	at(2*faultPause, 0, true)
	if _, due := f.due(syscall.ENFILE, 2*faultPause); !due {
		t.Error("another kind waits")
	}
}
