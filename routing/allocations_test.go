//go:build !asan

package routing

import (
	"net/netip"
	"testing"
)

// The address sanitizer (go test -asan) makes allocations of its own, so the
// test is skipped there.
func TestHotCallsAllocateNothing(t *testing.T) {
	router, cipher := mustRouter(t, testConfig), mustCipher(t, testKey)
	cidrs, err := NewCIDRs("10.0.0.0/24 2001:db8::/64")
	if err != nil {
		t.Fatal(err)
	}
	token4, token6 := tokenOf(t, "10.0.0.7"), tokenOf(t, "2001:db8::7")
	path4, path6, bad := "/~/"+token4+"/s/inst", "/~/"+token6+"/h/inst/1", "/~/"+token4[:42]+"=/s/inst"
	cookie := "theme=dark; upstream=" + token6
	ip4, ip6 := netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("2001:db8::7")
	grey := netip.MustParseAddrPort("[2001:db8::1]:8080")
	// First check that the calls succeed: failing calls may allocate less.
	for _, c := range []struct {
		path, cookie string
		want         Kind
	}{{path4, cookie, Pod}, {path6, "", Pod}, {bad, "", Gone}, {"/", cookie, Upstream}, {"", "", Any}} {
		if decision, err := router.Decide(c.path, c.cookie); err != nil || decision.Kind != c.want {
			t.Errorf("%s %s: got %+v, %v; want %v", c.path, c.cookie, decision, err, c.want)
		}
	}
	if _, ok := router.Lookup(ip4); !ok {
		t.Error("the router does not find an address")
	}
	if _, ok := cidrs.Lookup(ip6); !ok {
		t.Error("the list does not find an address")
	}
	if _, err := cipher.Decode(token6); err != nil {
		t.Error(err)
	}
	state := mustState(t)
	source, request := mustSource(t, state), new(Request)
	resolveAll(t, state, source, 0)
	served := func(incoming Incoming, want StepKind) func() {
		return func() {
			step, _, err := source.Begin(request, incoming, 0, 1)
			if err != nil || step.Kind != want {
				t.Errorf("%+v: %+v, %v", incoming, step, err)
			}
			if step.Kind == StepDial {
				source.Dialled(step.Upstream, step.Pod, OutcomeConnected, 0, 1)
				source.Answered(request, 0, 0, 1)
			}
			source.Next(request, OutcomeDropped, 0, 1)
			source.Ended(request, 0)
		}
	}
	sink := ""
	for name, call := range map[string]func(){
		"decide pod":       func() { router.Decide(path4, cookie) },
		"decide IPv6 pod":  func() { router.Decide(path6, "") },
		"decide gone":      func() { router.Decide(bad, "") },
		"decide by cookie": func() { router.Decide("/", cookie) },
		"decide any":       func() { router.Decide("", "") },
		"router lookup":    func() { router.Lookup(ip4) },
		"router miss":      func() { router.Lookup(netip.Addr{}) },
		"CIDR lookup":      func() { cidrs.Lookup(ip6) },
		"decode":           func() { cipher.Decode(token6) },
		"decode refused":   func() { cipher.Decode(token6[1:]) },
		"a page":           served(Incoming{Method: MethodGet, Path: "/"}, StepDial),
		"a hook":           served(Incoming{Method: MethodOther, HasBody: true, Path: "/~/" + token4 + "/h/1"}, StepDial),
		"a forged token":   served(Incoming{Method: MethodOther, Path: bad}, StepAnswer),
		"state verdict":    func() { state.Verdict(grey) },
		"state idle":       func() { state.Idle(ip6, 1, 0, 0) },
		"failed":           func() { source.Failed(request, OutcomeRefused, 0, 1) },
		"resumed":          func() { source.Resume(request, 0, 1) },
		"names": func() {
			decision, _ := router.Decide(path4, "")
			sink = decision.Kind.String()
			sink = decision.Reason.String()
			sink = decision.Path.String()
		},
	} {
		if allocations := testing.AllocsPerRun(100, call); allocations != 0 {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
	if allocations := testing.AllocsPerRun(100, func() { sink, _ = cipher.Encode(ip6) }); allocations != 1 {
		t.Errorf("encode: %v allocations, want one, for the token", allocations)
	}
	_ = sink
}
