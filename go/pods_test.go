package doors

import (
	"errors"
	"math"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"
)

var (
	blue1 = netip.MustParseAddrPort("10.0.0.1:8080")
	blue2 = netip.MustParseAddrPort("10.0.0.2:8080")
	grey  = netip.MustParseAddrPort("[2001:db8::1]:8080")
	blue  = Group{Source: 1, Server: 1, GoneAfter: 10 * time.Second, PageWait: 10 * time.Second, GoneRate: 100, MaxWaiting: 3}

	// well works where a page must have a pod to reload onto.
	well = netip.MustParseAddrPort("10.0.9.9:8080")
)

func mustPods(t testing.TB) *Pods {
	t.Helper()
	pods, err := NewPods(10_000)
	if err != nil {
		t.Fatal(err)
	}
	return pods
}

// podsAt makes events at a time that the test sets.
type podsAt struct {
	*testing.T
	*Pods
	now time.Duration
}

func (p *podsAt) wait(d time.Duration) { p.now += d }

func (p *podsAt) began(pod netip.AddrPort, path Path, want Action) Answer {
	p.Helper()
	answer, err := p.Began(blue, pod, path, p.now)
	if err != nil || answer.Action != want {
		p.Errorf("at %v: began %v: %+v, %v; want %v", p.now, pod, answer, err, want)
	}
	return answer
}

func (p *podsAt) ended(pod netip.AddrPort, outcome Outcome, want Action, verdict Verdict) Answer {
	p.Helper()
	answer, err := p.Ended(blue, pod, PathSync, outcome, p.now)
	if err != nil || answer.Action != want || answer.Verdict != verdict {
		p.Errorf("at %v: ended %v: %+v, %v; want %v, %v", p.now, pod, answer, err, want, verdict)
	}
	if got, err := p.Verdict(pod); err != nil || got != verdict {
		p.Errorf("at %v: verdict %v, %v; want %v", p.now, got, err, verdict)
	}
	return answer
}

func TestARefusingPodIsGoneAtOnce(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t)}
	p.ended(well, OutcomeConnected, ActionNone, VerdictNone)
	p.began(blue1, PathSync, ActionDial)
	if answer := p.ended(blue1, OutcomeRefused, ActionGone, VerdictGone); !answer.Changed || answer.RetryAfter != 0 {
		t.Errorf("got %+v", answer)
	}
	p.wait(100 * time.Millisecond)
	if answer := p.began(blue1, PathHook, ActionGone); answer.Verdict != VerdictGone || answer.Changed {
		t.Errorf("got %+v", answer)
	}
	p.began(blue2, PathSync, ActionDial) // another pod is not concerned
	p.wait(time.Second)
	p.began(blue1, PathHook, ActionProbe)
	p.began(blue1, PathHook, ActionGone)
	if answer := p.ended(blue1, OutcomeConnected, ActionNone, VerdictNone); !answer.Changed {
		t.Errorf("got %+v", answer)
	}
	p.began(blue1, PathHook, ActionDial)
}

func TestAnUnreachablePodIsGoneAfterAWhile(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t), now: time.Hour}
	p.ended(blue2, OutcomeConnected, ActionNone, VerdictNone)
	answer := p.ended(blue1, OutcomeUnreachable, ActionUnavailable, VerdictUnreachable)
	if answer.RetryAfter != 1 || !answer.Changed {
		t.Errorf("got %+v", answer)
	}
	p.began(blue1, PathSync, ActionUnavailable)
	for range 3 {
		p.wait(3 * time.Second)
		p.began(blue1, PathSync, ActionProbe)
		p.ended(blue1, OutcomeUnreachable, ActionUnavailable, VerdictUnreachable)
	}
	p.wait(2 * time.Second)
	p.ended(blue2, OutcomeAnswered, ActionNone, VerdictNone) // the fault is not on our side
	p.began(blue1, PathSync, ActionProbe)
	p.ended(blue1, OutcomeUnreachable, ActionGone, VerdictGone)
}

func TestFaultsOfOursAndOfTheClientCountAsNothing(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t)}
	p.ended(blue1, OutcomeOwnFault, ActionUnavailable, VerdictNone)
	p.ended(blue1, OutcomeCancelled, ActionNone, VerdictNone)
	p.began(blue1, PathSync, ActionDial)
}

func TestAnAddressThatComesBackInDNSIsClear(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t)}
	p.ended(well, OutcomeConnected, ActionNone, VerdictNone)
	resolve := func(pods ...netip.AddrPort) {
		t.Helper()
		if err := p.Resolved(blue.Server, pods); err != nil {
			t.Error(err)
		}
	}
	resolve(blue1, grey, well)
	p.ended(grey, OutcomeRefused, ActionGone, VerdictGone)
	resolve(blue1, grey, well)
	p.began(grey, PathHook, ActionGone) // it was there all the time
	resolve(blue1)
	resolve(well)
	p.began(grey, PathHook, ActionGone)
	resolve(blue1, grey)
	p.began(grey, PathHook, ActionDial)
}

func TestOnePodByTwoSpellings(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t)}
	p.ended(well, OutcomeConnected, ActionNone, VerdictNone)
	p.ended(blue1, OutcomeRefused, ActionGone, VerdictGone)
	p.began(netip.MustParseAddrPort("[::ffff:10.0.0.1]:8080"), PathHook, ActionGone)
	p.began(netip.MustParseAddrPort("10.0.0.1:8081"), PathHook, ActionDial)
}

func TestRefusedTokensArePaced(t *testing.T) {
	pods := mustPods(t)
	unlimited := Group{Source: 2}
	for _, group := range []Group{blue, unlimited} {
		if _, err := pods.Ended(group, well, PathPage, OutcomeConnected, 0); err != nil {
			t.Fatal(err)
		}
	}
	counts, said := map[Action]int{}, 0
	for range 150 {
		answer, err := pods.RefusedToken(blue, ReasonRefused, PathSync, 0)
		if err != nil {
			t.Fatal(err)
		}
		counts[answer.Action]++
		if answer.NothingOpens {
			said++
		}
		if want := map[Action]int{ActionGone: 0, ActionUnavailable: 1}[answer.Action]; answer.RetryAfter != want {
			t.Errorf("got %+v", answer)
		}
	}
	if counts[ActionGone] != 100 || counts[ActionUnavailable] != 50 || said != 1 {
		t.Errorf("got %v, said %d times", counts, said)
	}
	for range 150 {
		if answer, err := pods.RefusedToken(blue, ReasonNoCIDR, PathHook, 0); err != nil || answer.Action != ActionGone {
			t.Fatalf("hook: %+v, %v", answer, err)
		}
		if answer, err := pods.RefusedToken(unlimited, ReasonMalformed, PathSync, 0); err != nil || answer.Action != ActionGone {
			t.Fatalf("no limit: %+v, %v", answer, err)
		}
	}
}

// Each server, and for tokens that do not open each source, has a pace of its
// own.
func TestGroupsArePacedApart(t *testing.T) {
	pods := mustPods(t)
	group := func(source, server uint64) Group { return Group{Source: source, Server: server, GoneRate: 1} }
	for source := range uint64(3) {
		if _, err := pods.Ended(group(source, 9), well, PathPage, OutcomeConnected, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pods.Ended(group(1, 1), blue1, PathPage, OutcomeRefused, 0); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		server uint64
		want   Action
	}{{1, ActionGone}, {1, ActionUnavailable}, {2, ActionGone}, {2, ActionUnavailable}} {
		if answer, err := pods.Began(group(1, c.server), blue1, PathSync, 0); err != nil || answer.Action != c.want {
			t.Errorf("server %d: %+v, %v; want %v", i, answer, err, c.want)
		}
	}
	for i, c := range []struct {
		source uint64
		want   Action
	}{{1, ActionGone}, {1, ActionUnavailable}, {2, ActionGone}, {2, ActionUnavailable}} {
		if answer, err := pods.RefusedToken(group(c.source, 1), ReasonRefused, PathSync, 0); err != nil || answer.Action != c.want {
			t.Errorf("source %d: %+v, %v; want %v", i, answer, err, c.want)
		}
	}
}

func TestFailedRecently(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t), now: time.Minute}
	// More than fit one call, in both families.
	var list []netip.AddrPort
	for n := range 75 {
		list = append(list, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(n)}), 8080))
	}
	list = append(list, grey)
	failing := map[int]bool{0: true, 31: true, 32: true, 64: true, 74: true, 75: true}
	check := func(want map[int]bool) {
		t.Helper()
		failed := make([]bool, len(list)+1)
		failed[0], failed[len(list)] = true, true // what was there before is written over, what is behind is not
		if err := p.FailedRecently(list, p.now, failed); err != nil {
			t.Fatal(err)
		}
		for n := range list {
			if failed[n] != want[n] {
				t.Errorf("pod %d: %v", n, failed[n])
			}
		}
		if !failed[len(list)] {
			t.Error("written past the last pod")
		}
	}
	check(nil)
	for n := range failing {
		if _, err := p.Ended(blue, list[n], PathPage, OutcomeUnreachable, p.now); err != nil {
			t.Fatal(err)
		}
	}
	p.wait(9 * time.Second)
	check(failing)
	p.wait(2 * time.Second)
	check(nil)
	if err := p.FailedRecently(nil, p.now, nil); err != nil {
		t.Errorf("no pod: %v", err)
	}
}

func TestPodsErrors(t *testing.T) {
	pods := mustPods(t)
	var nowhere netip.AddrPort
	began := func(pod netip.AddrPort, path Path) error {
		answer, err := pods.Began(blue, pod, path, 0)
		if err != nil && answer != (Answer{}) {
			t.Errorf("an answer beside the error: %+v", answer)
		}
		return err
	}
	ended := func(pod netip.AddrPort, path Path, outcome Outcome) error {
		_, err := pods.Ended(blue, pod, path, outcome, 0)
		return err
	}
	refused := func(reason Reason, path Path) error {
		_, err := pods.RefusedToken(blue, reason, path, 0)
		return err
	}
	verdict := func(pod netip.AddrPort) error {
		_, err := pods.Verdict(pod)
		return err
	}
	for i, c := range []struct {
		got  error
		want error
	}{
		{began(nowhere, PathSync), StatusAddress}, {began(blue1, 99), StatusNoMatch}, {began(blue1, PathSync), nil},
		{ended(nowhere, PathSync, OutcomeRefused), StatusAddress}, {ended(blue1, 99, OutcomeRefused), StatusNoMatch},
		{ended(blue1, PathSync, 0), StatusNoMatch}, {ended(blue1, PathSync, 99), StatusNoMatch}, {ended(blue1, PathSync, OutcomeCancelled), nil},
		{refused(99, PathSync), StatusNoMatch}, {refused(ReasonRefused, 99), StatusNoMatch},
		{verdict(nowhere), StatusAddress}, {verdict(blue1), nil},
		{pods.Resolved(1, []netip.AddrPort{blue1, nowhere}), StatusAddress}, {pods.Resolved(1, nil), nil},
		{pods.FailedRecently([]netip.AddrPort{nowhere}, 0, make([]bool, 1)), StatusAddress},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%d: got %v, want %v", i, c.got, c.want)
		}
	}
}

// A pod was the only one, so its pages and page loads wait for another.
func TestPagesWaitForAPod(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t), now: time.Hour}
	since := p.now
	wait := func(waiting uint32, want Answer) {
		t.Helper()
		if got, err := p.Wait(blue, since, waiting, p.now); err != nil || got != want {
			t.Errorf("at %v: got %+v, %v\nwant %+v", p.now, got, err, want)
		}
	}
	answer := p.ended(blue1, OutcomeRefused, ActionUnavailable, VerdictGone)
	if want := (Answer{Action: ActionUnavailable, RetryAfter: 1, Verdict: VerdictGone, Changed: true, NoPod: true, FindPod: true}); answer != want {
		t.Errorf("got %+v\nwant %+v", answer, want)
	}
	wait(0, Answer{Action: ActionWait, NoPod: true, Until: p.now + time.Second})
	wait(3, Answer{Action: ActionUnavailable, RetryAfter: 1, NoPod: true})
	p.wait(9500 * time.Millisecond)
	wait(2, Answer{Action: ActionWait, NoPod: true, FindPod: true, Until: since + 10*time.Second})
	p.ended(well, OutcomeConnected, ActionNone, VerdictNone)
	wait(2, Answer{Action: ActionDial})
	p.began(blue1, PathSync, ActionProbe)
	p.began(blue1, PathSync, ActionGone)
	p.wait(500 * time.Millisecond)
	wait(2, Answer{Action: ActionUnavailable, RetryAfter: 1})
}

// What accepts and answers nothing is gone once another pod answers.
func TestAPodThatDropsConnectionsIsGone(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t)}
	for range 10 {
		p.ended(blue1, OutcomeConnected, ActionNone, VerdictNone)
		p.ended(blue1, OutcomeDropped, ActionUnavailable, VerdictNone)
		p.wait(time.Second)
	}
	p.ended(blue2, OutcomeAnswered, ActionNone, VerdictNone)
	p.ended(blue1, OutcomeDropped, ActionGone, VerdictGone)
	p.ended(blue1, OutcomeConnected, ActionNone, VerdictGone)
	p.ended(blue1, OutcomeAnswered, ActionNone, VerdictNone)
}

// Nobody else uses the upstream of a dead pod: the caller is asked to.
func TestAWitnessIsAskedFor(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t)}
	for range 10 {
		if answer := p.ended(blue1, OutcomeUnreachable, ActionUnavailable, VerdictUnreachable); answer.FindWitness {
			t.Error("asked for a witness of a blip")
		}
		p.wait(time.Second)
	}
	if answer := p.ended(blue1, OutcomeUnreachable, ActionUnavailable, VerdictUnreachable); !answer.FindWitness {
		t.Error("not asked for a witness")
	}
	p.ended(blue2, OutcomeConnected, ActionNone, VerdictNone)
	if answer := p.began(blue1, PathSync, ActionGone); !answer.Changed {
		t.Errorf("got %+v", answer)
	}
}

func TestTheNumberOfPodsIsBounded(t *testing.T) {
	for _, wrong := range []int{-1, 0, math.MaxUint32 + 1} {
		if _, err := NewPods(wrong); !errors.Is(err, StatusRange) {
			t.Errorf("%d pods: %v", wrong, err)
		}
	}
	p := &podsAt{T: t, Pods: mustPods(t)}
	for n := range 300 {
		p.ended(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}), 80), OutcomeConnected, ActionNone, VerdictNone)
	}
	if err := p.Limit(0); !errors.Is(err, StatusRange) {
		t.Errorf("no pods: %v", err)
	}
	for _, most := range []int{1000, 100} {
		if err := p.Limit(most); err != nil || len(p.list()) != min(most, 300) {
			t.Errorf("at most %d: %d pods, %v", most, len(p.list()), err)
		}
	}
}

// Zero is a time like any other, and below it there is none.
func TestNegativeTimes(t *testing.T) {
	pods := mustPods(t)
	late := Group{GoneAfter: -1}
	impatient := Group{PageWait: -1}
	failed := make([]bool, 1)
	for i, call := range []func(now time.Duration) error{
		func(now time.Duration) error { _, err := pods.Began(blue, blue1, PathSync, now); return err },
		func(now time.Duration) error {
			_, err := pods.Ended(blue, blue1, PathSync, OutcomeRefused, now)
			return err
		},
		func(now time.Duration) error {
			_, err := pods.RefusedToken(blue, ReasonRefused, PathSync, now)
			return err
		},
		func(now time.Duration) error { _, err := pods.Wait(blue, 0, 0, now); return err },
		func(now time.Duration) error { _, err := pods.Wait(blue, now, 0, 0); return err },
		func(now time.Duration) error { return pods.Entered(blue, blue1, true, now) },
		func(now time.Duration) error { return pods.Left(blue1, true, now) },
		func(now time.Duration) error { return pods.FailedRecently([]netip.AddrPort{blue1}, now, failed) },
		func(now time.Duration) error { _, err := pods.Idle(blue1.Addr(), 0, 0, now); return err },
		func(now time.Duration) error { _, err := pods.Idle(blue1.Addr(), 0, now, 0); return err },
		func(now time.Duration) error { _, err := pods.Idle(blue1.Addr(), now, 0, 0); return err },
	} {
		for _, now := range []time.Duration{0, math.MaxInt64} {
			if err := call(now); err != nil {
				t.Errorf("call %d at %v: %v", i, now, err)
			}
		}
		for _, now := range []time.Duration{-1, math.MinInt64} {
			if err := call(now); !errors.Is(err, StatusRange) {
				t.Errorf("call %d at %v: %v", i, now, err)
			}
		}
	}
	for _, group := range []Group{late, impatient} {
		if _, err := pods.Began(group, blue1, PathSync, 0); !errors.Is(err, StatusRange) {
			t.Errorf("%+v: %v", group, err)
		}
	}
}

func TestPodsNames(t *testing.T) {
	for name, want := range map[string]string{
		ActionNone.String(): "none", ActionDial.String(): "dial", ActionProbe.String(): "probe", ActionGone.String(): "gone",
		ActionUnavailable.String(): "unavailable", ActionWait.String(): "wait", Action(6).String(): "unknown",
		OutcomeConnected.String(): "connected", OutcomeRefused.String(): "refused", OutcomeUnreachable.String(): "unreachable",
		OutcomeCancelled.String(): "cancelled", OutcomeAnswered.String(): "answered", OutcomeDropped.String(): "dropped", Outcome(0).String(): "unknown", Outcome(8).String(): "unknown",
		VerdictNone.String(): "none", VerdictUnreachable.String(): "unreachable", VerdictGone.String(): "gone", Verdict(3).String(): "unknown",
	} {
		if name != want {
			t.Errorf("%q, want %q", name, want)
		}
	}
	if name := OutcomeOwnFault.String(); name == "" || name == "unknown" {
		t.Errorf("our own fault is called %q", name)
	}
}

func TestPodsByManyGoroutines(t *testing.T) {
	pods := mustPods(t)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			own := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 2, byte(worker)}), 80)
			failed := make([]bool, 2)
			for n := range 200 {
				now := time.Duration(n) * time.Millisecond
				pods.Began(blue, blue1, PathSync, now)
				pods.Ended(blue, blue1, PathSync, OutcomeConnected, now)
				pods.Resolved(blue.Server, []netip.AddrPort{blue1, blue2})
				if answer, err := pods.Ended(blue, own, PathSync, OutcomeRefused, now); err != nil || answer.Verdict != VerdictGone {
					t.Errorf("got %+v, %v", answer, err)
					return
				}
				if err := pods.FailedRecently([]netip.AddrPort{blue2, own}, now, failed); err != nil || failed[0] || !failed[1] {
					t.Errorf("got %v, %v", failed, err)
					return
				}
			}
		}()
	}
	group.Wait()
	runtime.KeepAlive(pods)
}

func BenchmarkPods(b *testing.B) {
	pods, list, failed := mustPods(b), []netip.AddrPort{blue1, blue2, grey}, make([]bool, 3)
	for _, c := range []struct {
		name string
		call func(now time.Duration)
	}{
		{"Began", func(now time.Duration) { pods.Began(blue, blue1, PathSync, now) }},
		{"EndedConnected", func(now time.Duration) { pods.Ended(blue, blue1, PathSync, OutcomeConnected, now) }},
		{"FailedRecently", func(now time.Duration) { pods.FailedRecently(list, now, failed) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for now := time.Duration(0); b.Loop(); now += time.Microsecond {
				c.call(now)
			}
		})
	}
}
