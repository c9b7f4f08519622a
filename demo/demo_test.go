package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// script stands in for Caddy.
func script(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "caddy")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// free finds a port that is free on all addresses of the demo, below the range
// from which systems take the ports of outgoing connections.
func free(t *testing.T) uint16 {
	t.Helper()
search:
	for range 200 {
		port := uint16(10000 + rand.IntN(5000))
		for _, address := range []string{"127.0.0.1", "127.0.1.1", "127.0.1.2", "127.0.2.1"} {
			listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address, port))
			if err != nil {
				continue search
			}
			listener.Close()
		}
		return port
	}
	t.Fatal("no port is free")
	return 0
}

func testOptions(t *testing.T, caddy string) options {
	return options{
		caddy: caddy, listen: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), free(t)), podPort: free(t),
		status:   netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), free(t)),
		stopping: time.Second,
	}
}

func TestCaddyThatDiesIsExplained(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	chosen := testOptions(t, script(t, "echo '{\"level\":\"info\",\"msg\":\"quiet\"}' >&2; echo 'Error: boom' >&2; exit 3\n"))
	err := run(t.Context(), chosen, newScreen(&buffer{}, false))
	if err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "exit status 3") || strings.Contains(err.Error(), "quiet") {
		t.Fatal(err)
	}
	if folders, _ := filepath.Glob(filepath.Join(os.TempDir(), "doors-demo-*")); len(folders) > 0 {
		t.Errorf("left behind: %v", folders)
	}
}

func TestBusyPorts(t *testing.T) {
	chosen := testOptions(t, script(t, "exit 1\n"))
	listener, err := net.Listen("tcp", chosen.listen.String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := run(t.Context(), chosen, newScreen(&buffer{}, false)); err == nil || !strings.Contains(err.Error(), "-listen") {
		t.Error(err)
	}
	chosen = testOptions(t, chosen.caddy)
	taken, err := net.Listen("tcp", fmt.Sprintf("127.0.2.1:%d", chosen.podPort))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := run(t.Context(), chosen, newScreen(&buffer{}, false)); err == nil || !strings.Contains(err.Error(), "-pod-port") {
		t.Error(err)
	}
}

func TestComplete(t *testing.T) {
	t.Setenv("DOORS_CADDY", script(t, "exit 1\n"))
	var chosen options
	if err := complete(&chosen, "127.0.0.1:8080", "127.0.0.1:2020", 8080); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []struct {
		listen, status string
		port           uint
	}{
		{"8080", "127.0.0.1:2020", 8080}, {"localhost:8080", "127.0.0.1:2020", 8080}, {"127.0.0.1:8080", "2020", 8080},
		{"127.0.0.1:8080", "127.0.0.1:2020", 0}, {"127.0.0.1:8080", "127.0.0.1:2020", 65536},
	} {
		if err := complete(&chosen, wrong.listen, wrong.status, wrong.port); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
	t.Setenv("DOORS_CADDY", filepath.Join(t.TempDir(), "missing"))
	if err := complete(&chosen, "127.0.0.1:8080", "127.0.0.1:2020", 8080); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Error(err)
	}
}

// The demo must end with its context, also when Caddy does not obey, and leave
// nothing listening.
func TestEnd(t *testing.T) {
	chosen := testOptions(t, script(t, "trap '' TERM\nwhile :; do sleep 1; done\n"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, chosen, newScreen(&buffer{}, false)) }()
	time.Sleep(100 * time.Millisecond)
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the demo does not end")
	}
	if err := checkFree(netip.AddrPortFrom(netip.MustParseAddr("127.0.1.1"), chosen.podPort), ""); err != nil {
		t.Fatal(err)
	}
}

func TestScreen(t *testing.T) {
	out := &buffer{}
	secret := newSecret()
	running, err := startPods(secret, free(t), newScreen(out, false))
	if err != nil {
		t.Fatal(err)
	}
	defer running.kill()
	screen := newScreen(out, true)
	screen.introduce(options{listen: netip.MustParseAddrPort("127.0.0.1:8080")}, running)
	if !strings.Contains(out.String(), "curl -i -b upstream="+running.other.Token()+" http://127.0.0.1:8080/") {
		t.Error(out)
	}
	if strings.Contains(out.String(), secret) {
		t.Error("the secret is shown")
	}
	header := http.Header{"Cookie": {"upstream=" + running.fresh.Token()}, "X-Forwarded-For": {"127.0.0.1"}}
	event := pod.Event{Kind: pod.RequestBegan, Request: &pod.Request{Method: "GET", URI: "/", Route: pod.RoutePage, Header: header}}
	for _, step := range []struct {
		show func()
		want string
	}{
		{func() { screen.podEvent(netip.MustParseAddr("127.0.1.1"), event) }, "127.0.1.1  page      cookie  GET /"},
		{func() {
			event.Request.Header = http.Header{"X-Forwarded-For": {"127.0.0.1"}}
			screen.podEvent(netip.MustParseAddr("127.0.1.1"), event)
		}, "127.0.1.1  page      policy  GET /"},
		{func() {
			event.Request.Header = nil // not by way of Caddy
			screen.podEvent(netip.MustParseAddr("127.0.1.2"), event)
		}, "127.0.1.2  page      direct  GET /"},
		{func() { screen.podEvent(netip.MustParseAddr("127.0.1.2"), pod.Event{Kind: pod.DrainBegan}) }, "127.0.1.2"},
		{func() { screen.podEvent(netip.MustParseAddr("127.0.1.2"), pod.Event{Kind: pod.StreamRolled}) }, "rolled"},
		{func() {
			gone := accessLine{Status: 410}
			gone.Request.Method, gone.Request.URI = "GET", "/~/"+running.old.Token()+"/s/x"
			screen.caddyAnswer(gone)
		}, "/~/" + running.old.Token()[:8] + "…/s/x answered 410 by Caddy"},
		{func() { screen.caddyAnswer(accessLine{Status: 200, Header: http.Header{"Via": {"1.1 Caddy"}}}) }, ""},
	} {
		before := len(out.String())
		step.show()
		shown := out.String()[before:]
		if !strings.Contains(shown, step.want) || (step.want == "") != (shown == "") {
			t.Errorf("%q lacks %q", shown, step.want)
		}
		if strings.Contains(shown, running.old.Token()) {
			t.Errorf("a whole token: %q", shown)
		}
		if shown != "" && !strings.HasPrefix(shown, "\x1b[") {
			t.Errorf("no colour: %q", shown)
		}
	}
	if got := shorten("/\x1b[31m" + strings.Repeat("x", 100)); strings.Contains(got, "\x1b") || len(got) > 90 {
		t.Errorf("%q", got)
	}
}
