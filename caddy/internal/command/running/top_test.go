package running

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

func past(seconds float64) *float64 { return &seconds }

// duringRollout has a draining and a fresh pod, and a name from the network with control
// characters.
var duringRollout = &status.State{
	UptimeSeconds: 3723.4, SessionSeconds: 2400,
	Sources: []status.Source{{UpstreamsTotal: 3, Upstreams: []status.Upstream{
		{Upstream: "app.test:8080", CIDRs: []string{"10.0.0.0/24", "fd00::/64"}, Addresses: []string{"10.0.0.8"}, ResolvedSecondsAgo: past(0.4)},
		{Upstream: "other.test:8080", CIDRs: []string{"10.0.1.0/24"}, DNSError: "no such host\x1b[2J"},
	}}},
	Pods: []status.Pod{
		{Pod: "10.0.0.4:8080", Upstream: "app.test:8080", Generation: status.Draining, Verdict: status.Alive, LastSeenSecondsAgo: past(2401)},
		{Pod: "10.0.0.5:8080", Upstream: "app.test:8080", Generation: status.Draining, Verdict: status.Gone, LastSeenSecondsAgo: past(2399)},
		{Pod: "10.0.0.6:8080", Generation: status.Unknown, Verdict: status.Gone, RefusedDials: 4},
		{Pod: "10.0.0.8:8080", Upstream: "app.test:8080", Generation: status.Fresh, Verdict: status.Alive, InFlight: 1, LastSeenSecondsAgo: past(0)},
		{Pod: "10.0.0.9:8080", Upstream: "app.test:8080", Generation: status.Fresh, Verdict: status.Alive, LastSeenSecondsAgo: past(9000)},
		{Pod: "10.0.0.7:8080", Upstream: "app.test:8080", Generation: status.Draining, Verdict: status.Alive, InFlight: 3, Streams: 2, LastSeenSecondsAgo: past(61)},
		{Pod: "10.0.0.3:8080", Upstream: "app.test:8080", Generation: status.Draining, Verdict: status.Alive, EvictedSecondsAgo: past(3000), LastSeenSecondsAgo: past(2500)},
		{Pod: "10.0.0.2:8080", Upstream: "app.test:8080", Generation: status.Draining, Verdict: status.Alive, Drained: true, LastSeenSecondsAgo: past(21)},
	},
	Evictions: []status.Eviction{
		{Network: "10.0.0.3/32", SinceSecondsAgo: 3000, Told: 7},
		{Network: "10.0.0.0/24", Upstream: "app.test:8080\x1b[2J", SinceSecondsAgo: 1, Pages: 1, Told: 3},
	},
	Answers: status.Answers{Gone: map[string]uint64{"one": 5, "two": 10}, Unavailable: map[string]uint64{"three": 6}, Reloads: map[string]uint64{"one": 5, "page_gone": 4}},
}

const rolloutTable = `up 1h2m3s, 4 requests in flight, 2 open streams
answered 410: 15, 503: 6; reloads: 9
evicted for 50m0s: 10.0.0.3/32, 0 pages left, 7 told to reload
evicted for 1s: 10.0.0.0/24 of app.test:8080?[2J, 1 page left, 3 told to reload

UPSTREAM         NETWORKS               ADDRESSES  RESOLVED
app.test:8080    10.0.0.0/24 fd00::/64  1          0s ago
other.test:8080  10.0.1.0/24            0          failing: no such host?[2J
and 1 upstream more

POD            UPSTREAM       GENERATION  VERDICT  IN FLIGHT  STREAMS  REFUSED  LAST SEEN
10.0.0.7:8080  app.test:8080  draining    alive    3          2        0        1m1s ago
10.0.0.3:8080  app.test:8080  evicted     alive    0          0        0        41m40s ago
10.0.0.2:8080  app.test:8080  drained     alive    0          0        0        21s ago
10.0.0.8:8080  app.test:8080  fresh       alive    1          0        0        0s ago
10.0.0.9:8080  app.test:8080  fresh       alive    0          0        0        2h30m0s ago
10.0.0.5:8080  app.test:8080  draining    gone     0          0        0        39m59s ago
10.0.0.6:8080                 unknown     gone     0          0        4        never
and 1 pod no longer in DNS and without a request for 40m0s
`

func TestTop(t *testing.T) {
	state, err := json.Marshal(duringRollout)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/state" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(state)
	}))
	defer server.Close()
	for _, args := range [][]string{{}, {"--once"}} { // standard output is not a terminal
		shown := runDoors(t, append([]string{"top", "--address", server.URL}, args...)...)
		shown.Wants(t, 0, "")
		if shown.Stdout != rolloutTable {
			t.Errorf("%s\nand not\n%s", shown.Stdout, rolloutTable)
		}
	}
	runDoors(t, "top", "--address", server.URL+"/elsewhere").Wants(t, cli.ExitCannot, "neither doors_status")
	runDoors(t, "top", "--address", "caddy").Wants(t, cli.ExitCannot, "caddy")
	nameIs(t, "127.0.0.1", "127.0.1.1")
	runDoors(t, "top", "--address", "caddy.test:1").Wants(t, cli.ExitCannot, "2 replicas; name one of them: caddy.test:1 (127.0.0.1:1), ")
}

func TestFrame(t *testing.T) {
	const line = clearLine + "\r\n"
	for name, want := range map[string]struct {
		table         string
		width, height int
		frame         string
	}{
		"fits":     {"a\nb\n", 80, 24, home + "a" + line + "b" + line + clearRest},
		"too wide": {"äöü\n", 2, 24, home + "äö" + line + clearRest},
		"too high": {"1\n2\n3\n4\n5\n", 80, 5, home + "1" + line + "2" + line + "3" + line + "... 2 lines more" + line + clearRest},
		"exactly":  {"1\n2\n3\n4\n", 80, 5, home + "1" + line + "2" + line + "3" + line + "4" + line + clearRest},
		"unknown":  {"1\n2\n", 0, 0, home + "1" + line + "2" + line + clearRest},
		"tiny":     {"1\n2\n", 80, 2, home + "... 2 lines more" + line + clearRest},
	} {
		if got := frame(want.table, want.width, want.height); got != want.frame {
			t.Errorf("%s: got %q, want %q", name, got, want.frame)
		}
	}
	if rows := strings.Count(frame(strings.Repeat("x\n", 99), 80, 10), "\r\n"); rows != 9 {
		t.Errorf("%d lines on a screen of 10", rows)
	}
}

// status prints a line for each replica. The answer is no while any replica has a draining pod.
func TestStatus(t *testing.T) {
	replica := func(rollout status.Rollout) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/state" {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(status.State{Rollout: rollout})
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	busy := replica(status.Rollout{Draining: 2, Pages: 3, Headline: "2 pods draining, 3 pages left\x1b[2J"})
	over := replica(status.Rollout{Drained: 2, Headline: "complete: 2 pods drained"})
	for _, test := range []struct {
		addresses []string
		code      int
		stderr    string
		stdout    string
	}{
		{[]string{over}, 0, "", over + ": complete: 2 pods drained\n"},
		{[]string{over, busy, over}, cli.ExitNo, "not drained: 2 pods", over + ": complete: 2 pods drained\n" + busy + ": 2 pods draining, 3 pages left?[2J\n" + over + ": complete: 2 pods drained\n"},
		{[]string{over + "/elsewhere"}, cli.ExitCannot, "neither doors_status", ""},
	} {
		arguments := []string{"status"}
		for _, address := range test.addresses {
			arguments = append(arguments, "--address", address)
		}
		shown := runDoors(t, arguments...)
		shown.Wants(t, test.code, test.stderr)
		if shown.Stdout != test.stdout {
			t.Errorf("%q, want %q", shown.Stdout, test.stdout)
		}
	}
}
