package doors

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func (p *podsAt) entered(pod netip.AddrPort, stream bool) {
	p.Helper()
	if err := p.Entered(blue, pod, stream, p.now); err != nil {
		p.Error(err)
	}
}

func (p *podsAt) left(pod netip.AddrPort, stream bool) {
	p.Helper()
	if err := p.Left(pod, stream, p.now); err != nil {
		p.Error(err)
	}
}

func (p *podsAt) list() []PodState {
	p.Helper()
	list, err := p.List()
	if err != nil {
		p.Error(err)
	}
	return list
}

func TestPodsAreListed(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t)}
	if list := p.list(); len(list) != 0 {
		t.Errorf("got %v", list)
	}
	p.wait(time.Second)
	p.left(blue1, true) // never entered
	p.entered(grey, true)
	p.entered(grey, false)
	p.entered(blue2, true)
	p.wait(time.Second)
	p.ended(blue1, OutcomeRefused, ActionUnavailable, VerdictGone)
	p.ended(blue1, OutcomeRefused, ActionUnavailable, VerdictGone)
	p.left(grey, false)
	if err := p.Resolved(blue.Server, []netip.AddrPort{blue2}); err != nil {
		t.Error(err)
	}
	want := []PodState{
		{Pod: blue1, Source: 1, Server: 1, FirstSeen: 2 * time.Second, LastSeen: 2 * time.Second,
			UnreachableSince: 2 * time.Second, Refused: 2, Verdict: VerdictGone},
		{Pod: blue2, Source: 1, Server: 1, FirstSeen: time.Second, LastSeen: time.Second, InFlight: 1, Streams: 1, Fresh: true},
		{Pod: grey, Source: 1, Server: 1, FirstSeen: time.Second, LastSeen: 2 * time.Second, InFlight: 1, Streams: 1},
	}
	if got := p.list(); !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// More than the first guess of the room.
func TestManyPodsAreListed(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t)}
	const most = 10_000
	for n := range most + 500 {
		p.entered(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 80), false)
	}
	list := p.list()
	if len(list) != most || list[0].Pod.String() != "10.0.1.244:80" {
		t.Errorf("%d pods from %v", len(list), list[0].Pod)
	}
	if !slices.IsSortedFunc(list, func(a, b PodState) int { return a.Pod.Compare(b.Pod) }) {
		t.Error("not sorted")
	}
}

func TestIdle(t *testing.T) {
	p := &podsAt{T: t, Pods: mustPods(t), now: time.Hour}
	other := netip.AddrPortFrom(blue1.Addr(), 8081)
	const minute = time.Minute
	check := func(started time.Duration, want Idle) {
		t.Helper()
		for _, address := range []netip.Addr{blue1.Addr(), netip.MustParseAddr("::ffff:10.0.0.1")} {
			if got, err := p.Idle(address, minute, started, p.now); err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		}
	}
	check(0, Idle{Answer: IdleYes})
	check(p.now-time.Second, Idle{Answer: IdleJustStarted, Wait: 59 * time.Second})
	p.entered(blue1, true)
	p.entered(other, false)
	check(0, Idle{Answer: IdleBusy, InFlight: 2, Streams: 1, Used: true, LastSeen: time.Hour})
	p.wait(time.Second)
	p.left(other, false)
	p.left(blue1, true)
	last := p.now
	p.wait(20 * time.Second)
	check(0, Idle{Answer: IdleBusy, Used: true, LastSeen: last, Wait: 40 * time.Second})
	check(p.now, Idle{Answer: IdleJustStarted, Used: true, LastSeen: last, Wait: minute})
	p.wait(40 * time.Second)
	check(0, Idle{Answer: IdleYes, Used: true, LastSeen: last})
}

func TestRefusedTokensAreLoggedSeldom(t *testing.T) {
	pods := mustPods(t)
	group := Group{Source: 3}
	refuse := func(reason Reason, now time.Duration) Answer {
		t.Helper()
		answer, err := pods.RefusedToken(group, reason, PathHook, now)
		if err != nil {
			t.Error(err)
		}
		return answer
	}
	for _, reason := range []Reason{ReasonMalformed, ReasonRefused, ReasonNoCIDR} {
		if answer := refuse(reason, 0); !answer.Log || answer.Suppressed != 0 {
			t.Errorf("%v, the first: %+v", reason, answer)
		}
		for n := range 999 {
			if answer := refuse(reason, time.Duration(n)*10*time.Millisecond); answer.Log || answer.Suppressed != 0 {
				t.Errorf("%v: %+v", reason, answer)
			}
		}
		if answer := refuse(reason, 10*time.Second); !answer.Log || answer.Suppressed != 999 {
			t.Errorf("%v, after 10 s: %+v", reason, answer)
		}
	}
}

func TestPodStateErrors(t *testing.T) {
	pods := mustPods(t)
	var nowhere netip.AddrPort
	if err := pods.Entered(blue, nowhere, true, 0); !errors.Is(err, StatusAddress) {
		t.Errorf("entered: %v", err)
	}
	if err := pods.Left(nowhere, true, 0); !errors.Is(err, StatusAddress) {
		t.Errorf("left: %v", err)
	}
	if idle, err := pods.Idle(netip.Addr{}, 0, 0, 0); !errors.Is(err, StatusAddress) || idle != (Idle{}) {
		t.Errorf("idle: %+v, %v", idle, err)
	}
	for name, want := range map[string]string{
		IdleYes.String(): "idle", IdleBusy.String(): "busy", IdleJustStarted.String(): "just started", IdleAnswer(0).String(): "unknown",
	} {
		if name != want {
			t.Errorf("%q, want %q", name, want)
		}
	}
}
