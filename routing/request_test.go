package routing

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

func mustState(t testing.TB) *State {
	t.Helper()
	state, err := NewState(DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func mustSource(t testing.TB, state *State) *Source {
	t.Helper()
	source, err := NewSource(state, []byte(testConfig), DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// freshPods are the fresh pods of testConfig, by host.
var freshPods = map[string][]netip.Addr{
	"blue":          {netip.MustParseAddr("10.0.0.8"), netip.MustParseAddr("10.0.0.7")},
	"green.example": {netip.MustParseAddr("10.0.1.7"), netip.MustParseAddr("10.9.9.9")},
}

// resolve makes the lookups that are due and returns the reports.
func resolve(t testing.TB, state *State, now time.Duration) (reports []HostReport) {
	t.Helper()
	lookups, _, err := state.Due(now, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, lookup := range lookups {
		report, err := state.Resolved(lookup.Host, freshPods[lookup.Name], Missing{}, now, 1)
		if err != nil || freshPods[lookup.Name] == nil {
			t.Fatalf("%+v: %v", lookup, err)
		}
		reports = append(reports, report)
	}
	return reports
}

// resolveAll makes page loads until all hosts are known.
func resolveAll(t testing.TB, state *State, source *Source, now time.Duration) {
	t.Helper()
	var request Request
	for known := 0; known < len(freshPods); {
		if _, _, err := source.Begin(&request, Incoming{Method: MethodGet, Path: "/"}, now, 1); err != nil {
			t.Fatal(err)
		}
		known += len(resolve(t, state, now))
		source.Ended(&request, now)
		// Some upstreams are looked up only after a while.
		now += 100 * time.Millisecond
	}
}

func TestARequestGoesItsWay(t *testing.T) {
	state := mustState(t)
	source := mustSource(t, state)
	var request Request
	cookie := "upstream=" + tokenOf(t, "10.0.0.7")
	step, decision, err := source.Begin(&request, Incoming{Method: MethodGet, Path: "/", Cookies: cookie}, 0, 1)
	if decision.Kind != Upstream || decision.Reason != ReasonCookie {
		t.Errorf("%+v", decision)
	}
	if err != nil || step.Kind != StepWait || step.Until <= 0 || step.Report == nil || !step.Report.LookupsDue {
		t.Fatalf("%+v, %v", step, err)
	}
	reports := resolve(t, state, time.Second/10)
	if len(reports) == 0 || reports[0].Change != HostResolved || !reports[0].Wake {
		t.Errorf("%+v", reports)
	}
	step, err = source.Resume(&request, time.Second/10, 1)
	if err != nil || step.Kind != StepDial || step.Upstream != 0 || step.Pod.String() != "10.0.0.7:8080" || step.Probe {
		t.Fatalf("the cookie's own pod: %+v, %v", step, err)
	}
	dead := step.Pod
	report, err := source.Dialled(step.Upstream, step.Pod, OutcomeRefused, time.Second/10, 1)
	if err != nil || report.Changed != (UpstreamPod{0, dead}) || report.Verdict != VerdictGone {
		t.Errorf("%+v, %v", report, err)
	}
	step, err = source.Next(&request, OutcomeRefused, time.Second/10, 1)
	if err != nil || step.Kind != StepDial || step.Pod.String() != "10.0.0.8:8080" {
		t.Fatalf("the other one: %+v, %v", step, err)
	}
	if _, err := source.Answered(&request, 0, time.Second/5, 1); err != nil {
		t.Error(err)
	}
	if verdict, err := state.Verdict(dead); err != nil || verdict != VerdictGone {
		t.Errorf("%v, %v", verdict, err)
	}
	pods, known, err := state.Pods(dead, 5)
	if err != nil || known != 2 || len(pods) != 1 || pods[0].Pod != step.Pod || pods[0].InFlight != 1 || !pods[0].Fresh {
		t.Errorf("%+v, %d, %v", pods, known, err)
	}
	if pods, known, err := state.Pods(netip.AddrPort{}, 0); err != nil || known != 2 || len(pods) != 0 {
		t.Errorf("%+v, %d, %v", pods, known, err)
	}
	busy, err := state.Idle(step.Pod.Addr(), 1, 0, time.Second)
	if err != nil || busy.Answer != IdleBusy || busy.InFlight != 1 {
		t.Errorf("%+v, %v", busy, err)
	}
	for range 2 {
		if err := source.Ended(&request, time.Second); err != nil {
			t.Error(err)
		}
	}
	if idle, err := state.Idle(step.Pod.Addr(), 1, 0, 2*time.Second); err != nil || idle.Answer != IdleYes {
		t.Errorf("%+v, %v", idle, err)
	}
}

func TestATokenThatOpensNothing(t *testing.T) {
	source := mustSource(t, mustState(t))
	var request Request
	step, _, err := source.Begin(&request, Incoming{Method: MethodOther, Path: "/~/%/h/1"}, 0, 1)
	if err != nil || step.Kind != StepAnswer || step.Cause != CauseTokenMalformed || step.Page || step.Report == nil || !step.Report.RefusedToken {
		t.Errorf("%+v, %v", step, err)
	}
	if step.Status != 410 && (step.Status != 503 || step.RetryAfter == 0) {
		t.Errorf("%+v", step)
	}
	source.Ended(&request, 0)
}

func TestTheUserChooses(t *testing.T) {
	state, options := mustState(t), DefaultOptions()
	options.UserChooses, options.UserRetries = true, true
	source, err := NewSource(state, []byte(testConfig), options)
	if err != nil {
		t.Fatal(err)
	}
	resolveAll(t, state, source, 0)
	var request Request
	now := time.Second
	step, _, err := source.Begin(&request, Incoming{Method: MethodGet, Path: "/"}, now, 1)
	if err != nil || step.Kind != StepChoose {
		t.Fatalf("%+v, %v", step, err)
	}
	places, _, err := source.Choices(&request, nil, now)
	names := make([]string, len(places))
	for i, place := range places {
		names[i] = fmt.Sprint(place.Upstream, " ", place.Pod)
	}
	want := []string{"0 10.0.0.7:8080", "0 10.0.0.8:8080", "1 10.0.1.7:8081"}
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v; want %v", names, err, want)
	}
	step, err = source.Chose(&request, 1, places[2].Pod, now)
	if err != nil || step.Kind != StepDial || step.Upstream != 1 || step.Pod != places[2].Pod {
		t.Errorf("%+v, %v", step, err)
	}
	if step, err := source.Failed(&request, OutcomeUnreachable, now, 1); err != nil || step.Kind != StepChoose {
		t.Errorf("%+v, %v", step, err)
	}
	if step, err := source.ChoseNone(&request, now, 1); err != nil || step.Kind == StepDial {
		t.Errorf("%+v, %v", step, err)
	}
	if step, err := source.GiveUp(&request, 0, now, 1); err != nil || step.Kind == StepChoose {
		t.Errorf("%+v, %v", step, err)
	}
	source.Ended(&request, now)
}

func TestSourcesAndHosts(t *testing.T) {
	state := mustState(t)
	source := mustSource(t, state)
	resolveAll(t, state, source, 0)
	router := source.Router()
	if host, port := router.Upstream(1); host != "green.example" || port != 8081 {
		t.Errorf("%s:%d", host, port)
	}
	inside, outside := source.Fresh(1)
	if fmt.Sprint(inside, outside) != "[10.0.1.7:8081] [10.9.9.9:8081]" {
		t.Errorf("%v, %v", inside, outside)
	}
	if inside, outside := source.Fresh(2); inside != nil || outside != nil {
		t.Errorf("%v, %v", inside, outside)
	}
	number, upstream, ok := source.Upstream(1)
	if _, _, there := source.Upstream(2); !ok || there || upstream == 0 {
		t.Errorf("%d, %v, %v", upstream, ok, there)
	}
	host, err := state.Host(number, time.Minute)
	if err != nil || host.Name != "green.example" || len(host.Addresses) != 2 || host.Generation != 1 || host.Users != 1 {
		t.Errorf("%+v, %v", host, err)
	}
	if host.Age <= 0 || host.Age > time.Minute || host.Refresh != time.Second || host.Failure != 0 {
		t.Errorf("%+v", host)
	}
	late := []netip.Addr{netip.MustParseAddr("10.0.1.8")}
	if report, err := state.ResolvedLate(number, late, time.Minute); err != nil || report.Change != HostUnchanged {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := state.LookupFailed(number, LookupTimeout, time.Minute, 1); err != nil {
		t.Error(err)
	}
}

func TestFlowErrors(t *testing.T) {
	state := mustState(t)
	source := mustSource(t, state)
	var request Request
	var nowhere netip.AddrPort
	bounds, options := DefaultLimits(), DefaultOptions()
	bounds.MaxLookups, options.PageWait = 0, -1
	calls := func(want Status, calls ...func() error) {
		t.Helper()
		for i, call := range calls {
			if err := call(); !errors.Is(err, want) {
				t.Errorf("call %d: %v, want %v", i, err, want)
			}
		}
	}
	calls(StatusRange,
		func() error { _, err := NewState(bounds); return err },
		func() error { _, err := NewSource(state, []byte(testConfig), options); return err },
		func() error { return state.Limit(0) })
	calls(StatusRange,
		func() error { _, _, err := source.Begin(&request, Incoming{}, 0, 1); return err },
		func() error { _, err := source.Failed(&request, 8, 0, 1); return err },
		func() error { _, err := state.LookupFailed(1, 5, 0, 1); return err })
	calls(StatusNoMatch, func() error { _, err := state.Host(77, 0); return err })
	calls(StatusAddress,
		func() error { _, err := source.Dialled(0, nowhere, OutcomeRefused, 0, 1); return err },
		func() error { _, err := source.Chose(&request, 0, nowhere, 0); return err },
		func() error { _, err := state.Verdict(nowhere); return err },
		func() error { _, err := state.Idle(netip.Addr{}, 0, 0, 0); return err },
		func() error { _, err := state.Resolved(1, []netip.Addr{{}}, Missing{}, 0, 1); return err })
	calls(StatusCIDR, func() error {
		_, err := NewSource(state, []byte(`{"secret": "`+testKey+`", "upstreams": [{"cidr": "x", "host": "h", "port": 1}]}`), DefaultOptions())
		return err
	})
	if step, err := source.Next(&request, OutcomeRefused, 0, 1); err != nil || step.Kind != StepDone {
		t.Errorf("a request that was not begun: %+v, %v", step, err)
	}
}

func TestFlowNames(t *testing.T) {
	for name, want := range map[string]string{
		StepDial.String(): "dial", StepChoose.String(): "choose", CauseTokenMalformed.String(): "token_malformed",
		CauseOwnFault.String(): "own_fault", LookupTimeout.String(): "timeout", HostWhole.String(): "whole",
		OutcomeConnected.String(): "connected", OutcomeOwnFault.String(): "own_fault", OutcomeDropped.String(): "dropped",
		VerdictNone.String(): "none", VerdictGone.String(): "gone", IdleYes.String(): "idle", IdleJustStarted.String(): "just_started",
		Outcome(0).String() + Outcome(8).String() + Verdict(3).String() + IdleAnswer(0).String():       "unknownunknownunknownunknown",
		StepKind(0).String() + Cause(99).String() + LookupFailure(0).String() + HostChange(8).String(): "unknownunknownunknownunknown",
	} {
		if name != want {
			t.Errorf("%q, want %q", name, want)
		}
	}
}

func TestManyRequestsAtOnce(t *testing.T) {
	state := mustState(t)
	source := mustSource(t, state)
	resolveAll(t, state, source, 0)
	token := tokenOf(t, "10.0.0.7")
	var group sync.WaitGroup
	for worker := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			var request Request
			for n := range 500 {
				now, random := time.Second+time.Duration(n)*time.Millisecond, uint64(worker*1000+n)
				incoming := Incoming{Method: MethodGet, Path: "/"}
				if n%2 == 0 {
					incoming.Path = "/~/" + token + "/s/1"
				}
				step, _, err := source.Begin(&request, incoming, now, random)
				if err != nil || step.Kind != StepDial {
					t.Errorf("%+v, %v", step, err)
					return
				}
				source.Dialled(step.Upstream, step.Pod, OutcomeConnected, now, random)
				source.Answered(&request, 0, now, random)
				source.Ended(&request, now)
			}
		}()
	}
	group.Wait()
	pods, known, err := state.Pods(netip.AddrPort{}, 10)
	if err != nil || known == 0 {
		t.Fatalf("%d, %v", known, err)
	}
	for _, pod := range pods {
		if pod.InFlight != 0 || pod.Streams != 0 {
			t.Errorf("%+v", pod)
		}
	}
}

func TestMethodOf(t *testing.T) {
	for name, want := range map[string]Method{"": MethodGet, "GET": MethodGet, "HEAD": MethodHead, "POST": MethodOther, "get": MethodOther} {
		if got := MethodOf(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
