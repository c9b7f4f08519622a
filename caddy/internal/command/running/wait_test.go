package running

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

// caddyThat starts a Caddy whose doors_status gives these answers about 10.0.0.7 in turn. The last
// one is repeated. 0 breaks the connection.
func caddyThat(t *testing.T, answers ...int) (address string, questions *atomic.Int64) {
	t.Helper()
	questions = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(questions.Add(1))
		code := answers[min(n, len(answers))-1]
		if code == 0 {
			panic(http.ErrAbortHandler)
		}
		reply(w, r, code)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), questions
}

func reply(w http.ResponseWriter, r *http.Request, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	answer := status.Idle{Pod: "10.0.0.7", Answer: status.IsIdle, IdleSeconds: 61.2}
	switch {
	case r.URL.Path != "/pods/10.0.0.7" || r.URL.Query().Get("idle") != "1m0s" || r.URL.Query().Get("wait") == "":
		answer.Pod = "a question that nobody should ask: " + r.URL.String()
	case code == http.StatusConflict:
		answer = status.Idle{Pod: "10.0.0.7", Answer: status.Busy, InFlight: 2, Streams: 1}
	case code == http.StatusNotFound:
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "10.0.0.7 is in no network of a server"})
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// One question is enough if the pod is idle, or becomes idle while the question is held.
func TestWait(t *testing.T) {
	one, questionsOne := caddyThat(t, 200)
	two, questionsTwo := caddyThat(t, 200)
	waited := runDoors(t, "wait", "::ffff:10.0.0.7", "--idle", "60s", "--address", one, "--address", "http://"+two+"/")
	waited.Wants(t, 0, "")
	lines := strings.Split(strings.TrimSuffix(waited.Stdout, "\n"), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], "10.0.0.7 is idle, no request for 61 s") {
		t.Errorf("%q", waited.Stdout)
	}
	if questionsOne.Load() != 1 || questionsTwo.Load() != 1 {
		t.Errorf("%d and %d questions", questionsOne.Load(), questionsTwo.Load())
	}
}

// Temporary failures are retried, and reported once.
func TestWaitAgain(t *testing.T) {
	for name, answers := range map[string][]int{"busy": {409, 409, 200}, "fault": {503, 200}, "broken": {0, 200}} {
		t.Run(name, func(t *testing.T) {
			address, questions := caddyThat(t, answers...)
			waited := runDoors(t, "wait", "10.0.0.7", "--address", address)
			if waited.Code != 0 || questions.Load() != int64(len(answers)) || strings.Count(waited.Stderr, "\n") != 1 {
				t.Errorf("%d questions, %+v", questions.Load(), waited)
			}
			if name == "busy" && !strings.Contains(waited.Stderr, "busy: 2 requests in flight, of which 1 stream") {
				t.Errorf("%s", waited.Stderr)
			}
		})
	}
}

// All replicas must agree.
func TestWaitTimeout(t *testing.T) {
	idle, _ := caddyThat(t, 200)
	busy, _ := caddyThat(t, 409)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := closed.Addr().String()
	closed.Close()
	for other, why := range map[string]string{busy: "busy: 2 requests", dead: "refused"} {
		waited := runDoors(t, "wait", "10.0.0.7", "--timeout", "10ms", "--address", idle, "--address", other)
		waited.Wants(t, cli.ExitNo, why)
		if !strings.Contains(waited.Stderr, "time is up") || !strings.Contains(waited.Stdout, "is idle") {
			t.Errorf("%+v", waited)
		}
	}
}

// A permanent failure ends the wait for all replicas.
func TestWaitCannot(t *testing.T) {
	nameIs(t)
	busy, _ := caddyThat(t, 409)
	unknown, _ := caddyThat(t, 404)
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	lying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}))
	defer lying.Close()
	for address, why := range map[string]string{
		unknown:        "in no network",
		other.URL:      "neither doors_status",
		lying.URL:      "neither doors_status",
		"other.test:1": "other.test",
		"caddy":        "caddy",
	} {
		runDoors(t, "wait", "10.0.0.7", "--address", busy, "--address", address).Wants(t, cli.ExitCannot, why)
	}
	for _, args := range [][]string{{}, {"pod"}, {"10.0.0.7", "--idle", "0s"}, {"10.0.0.7", "--idle", "soon"}, {"10.0.0.7", "--timeout", "-1s"}} {
		runDoors(t, append([]string{"wait"}, args...)...).Wants(t, cli.ExitCannot, "")
	}
}

// All replicas must have drained. Each reports its progress.
func TestWaitDrained(t *testing.T) {
	replica := func(codes ...int) string {
		var questions atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hold, err := time.ParseDuration(r.URL.Query().Get("wait")); r.URL.Path != "/rollout" || err != nil || hold > sayEvery {
				http.NotFound(w, r)
				return
			}
			code := codes[min(int(questions.Add(1)), len(codes))-1]
			answer := status.Rollout{Drained: 1, Headline: "complete: 1 pod drained"}
			if code == http.StatusConflict {
				answer = status.Rollout{Draining: 1, Pages: 3, Headline: "1 pod draining, 3 pages left\x1b[2J"}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(answer)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	over, soon, never := replica(200), replica(409, 200), replica(409)
	runDoors(t, "wait", "--drained", "--address", over).Wants(t, 0, "")
	waited := runDoors(t, "wait", "--drained", "--address", over, "--address", soon, "--timeout", "1h")
	if waited.Code != 0 || strings.Count(waited.Stdout, ": complete: 1 pod drained\n") != 2 || waited.Stderr != soon+": 1 pod draining, 3 pages left?[2J\n" {
		t.Errorf("%+v", waited)
	}
	runDoors(t, "wait", "--drained", "--address", over, "--address", never, "--timeout", "10ms").Wants(t, cli.ExitNo, never+": time is up: 1 pod draining, 3 pages left")
	runDoors(t, "wait", "--drained", "--address", over+"/elsewhere").Wants(t, cli.ExitCannot, "neither doors_status")
	runDoors(t, "wait", "--drained", "10.0.0.7", "--address", over).Wants(t, cli.ExitCannot, "expected 0 arguments, got 1")
	runDoors(t, "wait", "--drained", "--idle", "1m", "--address", over).Wants(t, cli.ExitCannot, "--idle cannot be combined")
	lying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}))
	defer lying.Close()
	runDoors(t, "wait", "--drained", "--address", lying.URL).Wants(t, cli.ExitCannot, "neither doors_status")
}

// The admin API has its own path, also over a socket.
func TestWaitSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.StripPrefix("/doors", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "127.0.0.1" || r.Header["Origin"] != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		reply(w, r, 200)
	}))}
	go server.Serve(listener)
	defer server.Close()
	runDoors(t, "wait", "10.0.0.7", "--address", fmt.Sprintf("unix/%s", path)).Wants(t, 0, "")
}

// A question is held no longer than the time that is left.
func TestWaitHold(t *testing.T) {
	holds := make(chan time.Duration, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hold, _ := time.ParseDuration(r.URL.Query().Get("wait"))
		holds <- hold
		reply(w, r, 200)
	}))
	defer server.Close()
	for timeout, most := range map[string]time.Duration{"0": longestHold, "90s": 90 * time.Second, "24h": longestHold} {
		runDoors(t, "wait", "10.0.0.7", "--timeout", timeout, "--address", server.URL).Wants(t, 0, "")
		if hold := <-holds; hold > most || hold < most/2 {
			t.Errorf("--timeout %s: the question is held for %v", timeout, hold)
		}
	}
}

// A name stands for all of its addresses. A replica whose address the name loses was replaced; new
// addresses are asked too.
func TestWaitName(t *testing.T) {
	idle, _ := caddyThat(t, 200)
	_, port, err := net.SplitHostPort(idle)
	if err != nil {
		t.Fatal(err)
	}
	second := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reply(w, r, 200) }))
	second.Listener.Close()
	if second.Listener, err = net.Listen("tcp", "127.0.0.2:"+port); err != nil {
		t.Fatal(err)
	}
	second.Start()
	defer second.Close()
	nameIs(t, "127.0.0.1", "127.0.1.1") // nobody listens there
	place := "caddy.test:" + port
	waited := runDoors(t, "wait", "10.0.0.7", "--timeout", "10ms", "--address", place)
	waited.Wants(t, cli.ExitNo, "caddy.test:"+port+" (127.0.1.1:"+port+")")

	here, gone := []string{"127.0.0.1"}, []string{"127.0.1.1"}
	for name, test := range map[string]struct {
		answers [][]string // of the lookups; nil for a failure; the last one is repeated
		code    int
		stdout  []string // the replicas that said yes
		stderr  string
	}{
		"one of two is lost":           {[][]string{{"127.0.0.1", "127.0.1.1"}, here}, 0, here, "no longer in DNS"},
		"one is replaced":              {[][]string{gone, here}, 0, here, "no longer in DNS"},
		"one is added":                 {[][]string{here, {"127.0.0.1", "127.0.0.2"}}, 0, []string{"127.0.0.1", "127.0.0.2"}, ""},
		"nobody is left to ask":        {[][]string{gone, here, nil}, cli.ExitCannot, nil, "no longer in DNS"},
		"the name fails after the yes": {[][]string{here, nil}, 0, here, ""},
	} {
		var lookups atomic.Int64
		lookupHost = func(context.Context, string, string) (found []netip.Addr, err error) {
			addresses := test.answers[min(int(lookups.Add(1)), len(test.answers))-1]
			if addresses == nil {
				return nil, &net.DNSError{Name: "caddy.test", Err: "server misbehaving", IsTemporary: true}
			}
			for _, address := range addresses {
				found = append(found, netip.MustParseAddr(address))
			}
			return found, nil
		}
		waited := runDoors(t, "wait", "10.0.0.7", "--timeout", "60s", "--address", place)
		if waited.Code != test.code || !strings.Contains(waited.Stderr, test.stderr) || strings.Count(waited.Stdout, "\n") != len(test.stdout) {
			t.Errorf("%s: %+v", name, waited)
		}
		for _, address := range test.stdout {
			if !strings.Contains(waited.Stdout, "("+address+":"+port+"): 10.0.0.7 is idle") {
				t.Errorf("%s: %s is not mentioned: %+v", name, address, waited)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	for want, answer := range map[string]status.Idle{
		"this Caddy has not run for long enough to know": {Answer: status.JustStarted},
		"busy: the last request was 12 s ago":            {Answer: status.Busy, IdleSeconds: 12.3},
		"busy: 1 request in flight, of which 0 streams":  {Answer: status.Busy, InFlight: 1},
		"busy: 3 requests in flight, of which 1 stream":  {Answer: status.Busy, InFlight: 3, Streams: 1},
	} {
		if got := describe(answer); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
