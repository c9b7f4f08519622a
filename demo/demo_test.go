package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/board"
)

// buffer is a bytes.Buffer for concurrent use.
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

// The test program runs as a pod with the same argument as the demo.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == asPod {
		if err := board.Run(os.Stdout); err != nil {
			fail(err)
		}
		return
	}
	os.Exit(m.Run())
}

// script returns the path of a script that stands in for Caddy.
func script(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "caddy")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// free returns a port that is free on all addresses of the demo, below the range from which systems
// take ports for outgoing connections.
func free(t *testing.T) uint16 {
	t.Helper()
search:
	for range 200 {
		port := uint16(10000 + rand.IntN(5000))
		for _, address := range append(podAddresses(), netip.MustParseAddr("127.0.0.1")) {
			listener, err := net.Listen("tcp", netip.AddrPortFrom(address, port).String())
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
	err := run(t.Context(), chosen, newScreen(&buffer{}, false), strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "exit status 3") || strings.Contains(err.Error(), "quiet") {
		t.Fatal(err)
	}
	if folders, _ := filepath.Glob(filepath.Join(os.TempDir(), "doors-demo-*")); len(folders) > 0 {
		t.Errorf("left behind: %v", folders)
	}
}

// The error for an address in use names the option that changes it.
func TestBusyPorts(t *testing.T) {
	chosen := testOptions(t, script(t, "exit 1\n"))
	for option, address := range map[string]netip.AddrPort{
		"-listen": chosen.listen, "-status": chosen.status, "-pod-port": netip.AddrPortFrom(podAddresses()[addresses-1], chosen.podPort),
	} {
		taken, err := net.Listen("tcp", address.String())
		if err != nil {
			t.Fatal(err)
		}
		err = run(t.Context(), chosen, newScreen(&buffer{}, false), strings.NewReader(""))
		if want := "make demo ARGS='" + option + " "; err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), address.String()) {
			t.Errorf("%v lacks %q or the address", err, want)
		}
		taken.Close()
	}
}

func TestComplete(t *testing.T) {
	t.Setenv("DOORS_CADDY", script(t, "exit 1\n"))
	var chosen options
	if err := complete(&chosen, nil, "127.0.0.1:8080", "127.0.0.1:2020", 8080); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []struct {
		listen, status string
		port           uint
		rest           []string
	}{
		{"8080", "127.0.0.1:2020", 8080, nil}, {"localhost:8080", "127.0.0.1:2020", 8080, nil}, {"127.0.0.1:8080", "2020", 8080, nil}, {"127.0.0.1:0", "127.0.0.1:2020", 8080, nil},
		{"127.0.0.1:2020", "127.0.0.1:2020", 8080, nil},
		{"127.0.0.1:8080", "127.0.0.1:2020", 0, nil}, {"127.0.0.1:8080", "127.0.0.1:2020", 65536, nil}, {"127.0.0.1:8080", "127.0.0.1:2020", 8080, []string{"x"}},
	} {
		if err := complete(&chosen, wrong.rest, wrong.listen, wrong.status, wrong.port); err == nil {
			t.Errorf("%+v was accepted", wrong)
		}
	}
	t.Setenv("DOORS_CADDY", filepath.Join(t.TempDir(), "missing"))
	if err := complete(&chosen, nil, "127.0.0.1:8080", "127.0.0.1:2020", 8080); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Error(err)
	}
}

// The demo ends with its context, even if Caddy does not respond.
func TestEnd(t *testing.T) {
	chosen := testOptions(t, script(t, "trap '' TERM\nwhile :; do sleep 1; done\n"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, chosen, newScreen(&buffer{}, false), strings.NewReader("")) }()
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
}

func TestScreen(t *testing.T) {
	out := &buffer{}
	screen := newScreen(out, true)
	screen.introduce(options{listen: netip.MustParseAddrPort("127.0.0.1:8080"), status: netip.MustParseAddrPort("127.0.0.1:2020")})
	for _, part := range []string{"Open http://127.0.0.1:2020/ ", " http://127.0.0.1:8080/,", "ARGS=-https"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q lacks %q", out, part)
		}
	}
	for number := range kept + 5 {
		before := len(out.String())
		screen.say(eventWrong, "event %d", number+1)
		if shown := out.String()[before:]; !strings.HasPrefix(shown, "\x1b[31m") || !strings.HasSuffix(shown, fmt.Sprintf("  event %d\x1b[0m\n", number+1)) {
			t.Fatalf("%q", shown)
		}
	}
	if _, events := screen.after(0); len(events) != kept || events[0].ID != 6 {
		t.Errorf("%d events are kept, the first is %+v", len(events), events[0])
	}
	if _, events := screen.after(kept + 4); len(events) != 1 || events[0].Text != fmt.Sprintf("event %d", kept+5) {
		t.Errorf("%+v", events)
	}
	if _, events := screen.after(kept + 5); len(events) != 0 {
		t.Errorf("%+v", events)
	}
}
