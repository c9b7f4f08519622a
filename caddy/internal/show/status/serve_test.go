package status

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a Reporter with one pod, 10.0.0.7, which is busy until a given time.
type fake struct {
	busyUntil time.Time
	asked     int
	broken    error
}

func (f *fake) State() (*State, error) {
	return &State{Sources: []Source{}, Pods: []Pod{}}, f.broken
}

func (f *fake) Idle(pod netip.Addr, idle time.Duration) (Idle, time.Duration, bool, error) {
	f.asked++
	answer := Idle{Pod: pod.String(), Answer: Busy, InFlight: 1, Streams: 1}
	var wait time.Duration
	if since := time.Since(f.busyUntil); since >= 0 {
		answer = Idle{Pod: pod.String(), Answer: IsIdle, IdleSeconds: since.Seconds()}
		if since < idle {
			answer.Answer, wait = Busy, idle-since
		}
	}
	return answer, wait, pod == netip.MustParseAddr("10.0.0.7"), f.broken
}

// Rollout reports a draining pod while the pod is busy.
func (f *fake) Rollout() (rollout Rollout, err error) {
	f.asked++
	if time.Since(f.busyUntil) < 0 {
		rollout.Draining = 1
	}
	return rollout, f.broken
}

// ask sends a request to the site, within a bubble of virtual time.
func (f *fake) ask(ctx context.Context, ended <-chan struct{}, method, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(ctx, method, path, nil)
	Responder{f, nil, ended}.ServeSite(recorder, request, request.URL.Path)
	return recorder
}

// A question is answered yes as soon as possible, with few checks of the pod, or no at the end of
// the wait.
func TestHold(t *testing.T) {
	for name, test := range map[string]struct {
		busy         time.Duration // from the start
		query        string
		status       int
		took         time.Duration
		asked        int
		cancel, over time.Duration // when the client leaves, and when the server is replaced; 0 for never
	}{
		"yes at once":                    {0, "?idle=0s", 200, 0, 1, 0, 0},
		"no at once":                     {time.Hour, "?idle=1m", 409, 0, 1, 0, 0},
		"an idle time that is short yet": {0, "?idle=1m&wait=10m", 200, time.Minute, 2, 0, 0},
		"a request that ends":            {30 * time.Second, "?idle=1m&wait=10m", 200, 90 * time.Second, 32, 0, 0},
		"a wait that is too short":       {time.Hour, "?idle=1m&wait=5s", 409, 5 * time.Second, 6, 0, 0},
		"days":                           {0, "?idle=1d&wait=2d", 200, 24 * time.Hour, 2, 0, 0},
		"a client that leaves":           {time.Hour, "?idle=1m&wait=10m", 200, 1500 * time.Millisecond, 2, 1500 * time.Millisecond, 0},
		"a server that is replaced":      {time.Hour, "?idle=1m&wait=10m", 409, 2500 * time.Millisecond, 3, 0, 2500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan struct{})
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				if test.over > 0 {
					time.AfterFunc(test.over, func() { close(ended) })
				}
				began := time.Now()
				pods := &fake{busyUntil: began.Add(test.busy)}
				answer := pods.ask(ctx, ended, "GET", "/pods/10.0.0.7"+test.query)
				if took := time.Since(began); took < test.took || took > test.took+time.Second || pods.asked > test.asked+1 {
					t.Errorf("took %v and %d looks, want %v and about %d", took, pods.asked, test.took, test.asked)
				}
				if test.cancel > 0 {
					return // nobody reads the answer
				}
				var body Idle
				if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || answer.Code != test.status || (body.Answer == IsIdle) != (test.status == 200) {
					t.Errorf("%d %s, %v", answer.Code, answer.Body, err)
				}
			})
		})
	}
}

// The question about the rollout is held like that about one pod.
func TestHoldRollout(t *testing.T) {
	for query, want := range map[string]struct {
		status int
		took   time.Duration
	}{
		"": {409, 0}, "?wait=10s": {409, 10 * time.Second}, "?wait=10m": {200, 30 * time.Second}, "?wait=soon": {400, 0}, "?wait=-1s": {400, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			answer := (&fake{busyUntil: began.Add(30 * time.Second)}).ask(t.Context(), nil, "GET", "/rollout"+query)
			if took := time.Since(began); answer.Code != want.status || took != want.took {
				t.Errorf("%q: %d after %v, want %d after %v", query, answer.Code, took, want.status, want.took)
			}
			var body Rollout
			if err := json.Unmarshal(answer.Body.Bytes(), &body); want.status != 400 && (err != nil || (body.Draining == 0) != (want.status == 200)) {
				t.Errorf("%q: %s, %v", query, answer.Body, err)
			}
		})
	}
}

// Input from a client cannot make an error of the library look like an answer.
func TestFaults(t *testing.T) {
	pods := &fake{broken: errors.New("boom")}
	for _, path := range []string{"/state", "/pods/10.0.0.7?idle=1s", "/rollout"} {
		if answer := pods.ask(t.Context(), nil, "GET", path); answer.Code != http.StatusInternalServerError || !strings.Contains(answer.Body.String(), "boom") {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	long := strings.Repeat("x", 5000)
	for _, path := range []string{"/pods/" + long + "?idle=1s", "/pods/10.0.0.7?idle=" + long} {
		if answer := pods.ask(t.Context(), nil, "GET", path); answer.Code != http.StatusBadRequest || answer.Body.Len() > 200 {
			t.Errorf("%d, %d bytes", answer.Code, answer.Body.Len())
		}
	}
}

// The history has the last ten minutes in order, and no more.
func TestHistory(t *testing.T) {
	var recorder Recorder
	if history := recorder.History(); history.Fresh == nil || len(history.Fresh) != 0 || history.IntervalSeconds != 2 {
		t.Errorf("%+v", history)
	}
	for n := range 1000 {
		recorder.Add(n, -n)
		history := recorder.History()
		if want := min(n+1, samples); len(history.Fresh) != want || len(history.Draining) != want {
			t.Fatalf("%d samples after %d", len(history.Fresh), n+1)
		}
		for i, value := range slices.Backward(history.Fresh) {
			if want := n - (len(history.Fresh) - 1 - i); value != want || history.Draining[i] != -want {
				t.Fatalf("after %d: %d at %d", n, value, i)
			}
		}
	}
	if time.Duration(samples)*Interval != 10*time.Minute {
		t.Error("the documents say ten minutes")
	}
}
