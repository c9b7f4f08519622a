package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/browser"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// The pods of these tests are processes of this program. Most of the tests wait, so more of them
// than cores may run.
func TestMain(m *testing.M) {
	if fleet.RanAsChild() {
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "20"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// comeback is a case in which no pod is left and a new one appears.
type comeback struct {
	upstreams int           // with one pod each; all are killed, and the first one's is replaced
	how       string        // how the new pod appears
	away      time.Duration // time until it is there
}

// How the new pod appears.
const (
	atTheSameAddress  = "at the same address"
	atAnotherAddress  = "at another address"
	asARecreatedOne   = "at another address, and DNS names nobody meanwhile" // strategy Recreate of a deployment
	oneIsLeft         = "the other pod is left alone"
	visitorsEach      = 6
	longerThanTheTest = time.Hour
)

// When the last pod has been killed, every page works again by itself once there is a pod. Visitors
// only look at their pages. One whose browser shows its error page is stranded for good, since no
// script runs there.
func TestPagesSurviveTheirLastPod(t *testing.T) {
	var cases []comeback
	// Shorter than page_wait, and twice as long: requests that wait in Caddy, and requests that
	// were answered and repeated.
	for _, away := range []time.Duration{3 * time.Second, 20 * time.Second} {
		for _, upstreams := range []int{1, 2} {
			for _, how := range []string{atTheSameAddress, atAnotherAddress, asARecreatedOne} {
				cases = append(cases, comeback{upstreams, how, away})
			}
		}
	}
	cases = append(cases, comeback{2, oneIsLeft, 3 * time.Second})
	for _, c := range cases {
		upstreams := map[int]string{1: "one upstream", 2: "two upstreams"}[c.upstreams]
		t.Run(fmt.Sprintf("%s, after %v, %s", upstreams, c.away, c.how), func(t *testing.T) {
			t.Parallel()
			c.test(t)
		})
	}
}

func (c comeback) test(t *testing.T) {
	r, visitors := visited(t, options{
		upstreams: c.upstreams, pods: 1, sessions: visitorsEach, roll: 5 * time.Second, think: longerThanTheTest, stay: longerThanTheTest,
	})
	harness.Eventually(t, "every page lives", func() bool { return len(living(visitors)) == len(visitors) })

	victims := r.fleet.Fresh(0)
	if c.how != oneIsLeft {
		for upstream := 1; upstream < c.upstreams; upstream++ {
			victims = append(victims, r.fleet.Fresh(upstream)...)
		}
	}
	over := r.ledger.NoPod()
	for _, one := range victims {
		r.ledger.Harm(one.Life)
	}
	for _, one := range victims {
		if err := one.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if c.how == asARecreatedOne {
		for upstream := range c.upstreams {
			r.fleet.Name(upstream, nil)
		}
	}
	r.wait(c.away)
	var back *fleet.Pod
	var err error
	if c.how == atTheSameAddress {
		back, err = r.fleet.StartAgain(victims[0])
	} else if started, failed := r.fleet.StartPods(0, 1); failed == nil {
		back = started[0]
	} else {
		err = failed
	}
	if err != nil {
		t.Fatal(err)
	}
	up := time.Now()
	r.fleet.Name(0, []*fleet.Pod{back})

	// Stranded visitors do not come back, so do not wait for them.
	for limit := up.Add(harness.Patience); len(living(visitors)) < len(visitors)-int(r.ledger.Stranded()) && time.Now().Before(limit); {
		r.wait(50 * time.Millisecond)
	}
	over()
	var slowest time.Duration
	lives := living(visitors)
	for _, loaded := range lives {
		slowest = max(slowest, loaded.Sub(up))
	}
	t.Logf("%d of %d pages live again, the last of them %v after the new pod was there; %d visitors are lost on an error page",
		len(lives), len(visitors), slowest.Round(10*time.Millisecond), r.ledger.Stranded())
	if len(lives) < len(visitors) || !r.ledger.Faultless() {
		t.Error("some pages did not come back, or something else was lost")
	}
}

// visited starts a run of Caddy with visitors.
func visited(t *testing.T, chosen options) (r *run, visitors []*browser.Browser) {
	chosen.proxy, chosen.binary, chosen.oneMachine = "caddy", harness.Default.Path(t), true
	r, err := newRun(t.Context(), chosen, errors.New("no address has to swallow packets"))
	if err != nil {
		t.Fatal(err)
	}
	var visiting sync.WaitGroup
	t.Cleanup(func() {
		visiting.Wait() // the test's context has ended
		r.abandon()
	})
	for number := range r.sessions {
		visitor := browser.New(r.world, number)
		visitors = append(visitors, visitor)
		visiting.Go(func() { visitor.Run(t.Context()) })
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%v\nThe proxy's last words:\n%s", r.ledger.Notes(), r.serving[0].Log(3000))
		}
	})
	return r, visitors
}

// living returns the load times of the pages that are alive on a living pod.
func living(visitors []*browser.Browser) (loaded []time.Time) {
	for _, one := range visitors {
		if when, lives := one.Lives(); lives {
			loaded = append(loaded, when)
		}
	}
	return loaded
}
