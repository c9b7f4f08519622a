package fleet

import (
	"testing"
	"time"
)

func TestFaultDuring(t *testing.T) {
	l := &Life{}
	now := time.Now()
	felt := func(begin, end time.Duration) bool {
		_, found := l.FaultDuring(now.Add(begin), now.Add(end))
		return found
	}
	if felt(-time.Hour, time.Hour) {
		t.Error("a fault before any")
	}
	l.BeginFault(Stopped)
	l.SureOfFault()
	if felt(-2*time.Second, -time.Second) || !felt(-time.Second, time.Second) || !felt(time.Hour, time.Hour) {
		t.Error("a fault that lasts")
	}
	l.EndFault()
	if !felt(time.Second, time.Second) || felt(time.Minute, time.Hour) {
		t.Error("a fault that is over")
	}
	if l.WasKilled() {
		t.Error("a stopped pod counts as killed")
	}
	l.BeginFault(Killed)
	if fault, found := l.FaultDuring(now, time.Now()); !found || fault.Kind != Killed {
		t.Errorf("a pod that was stopped and then killed: %+v", fault)
	}
}

func TestNamed(t *testing.T) {
	const before, after = -time.Hour, time.Hour
	l, now := &Life{}, time.Now()
	says := func(what string, known, settled, stale bool) {
		t.Helper()
		if got := [3]bool{l.Known(), l.Settled(now, now), l.Stale(now)}; got != [3]bool{known, settled, stale} {
			t.Errorf("%s: known, settled, stale: %v", what, got)
		}
	}
	says("never named", false, false, true)
	l.Listed(now)
	says("named just now", false, false, false)
	l = &Life{}
	l.Listed(now.Add(before))
	says("named for long", true, true, false)
	l.Delisted(now.Add(after))
	says("named until later", true, true, false)
	l.Listed(now.Add(2 * after))
	says("named later again", true, true, false)
	l = &Life{}
	l.Listed(now.Add(before))
	l.Delisted(now.Add(-Propagation / 2))
	says("named until just now", false, false, false)
	l = &Life{}
	l.Listed(now.Add(2 * before))
	l.Delisted(now.Add(before))
	says("named long ago", false, false, true)
	l.Listed(now.Add(before / 2))
	says("named again", true, true, false)
}

// A pod is stale from the moment it refuses pages, whatever DNS says.
func TestDraining(t *testing.T) {
	l, now := &Life{}, time.Now()
	l.Listed(now.Add(-time.Hour))
	l.Draining()
	if l.Settled(now, now) || l.Stale(time.Now()) {
		t.Error("asked to drain")
	}
	l.Refuses()
	if l.Stale(now) || !l.Stale(time.Now().Add(time.Nanosecond)) {
		t.Error("refuses pages")
	}
}

func TestInFlight(t *testing.T) {
	l := &Life{}
	l.BeginFault(Killed)
	l.SureOfFault()
	now := time.Now()
	fault, _ := l.FaultDuring(now, now)
	if !fault.InFlight(now.Add(-time.Second)) || fault.InFlight(now.Add(time.Second)) || !l.WasKilled() {
		t.Errorf("%+v", fault)
	}
}

func TestSettledAfterAFault(t *testing.T) {
	l := &Life{}
	now := time.Now()
	l.Listed(now.Add(-time.Hour))
	l.BeginFault(Swallowed)
	l.SureOfFault()
	l.EndFault()
	if at := time.Now(); l.Settled(at, at) {
		t.Error("a fault a moment ago")
	}
	if at := now.Add(time.Minute); !l.Settled(at, at) {
		t.Error("a fault long ago")
	}
}

func TestEvicted(t *testing.T) {
	l, now := &Life{}, time.Now()
	soon := now.Add(time.Second)
	l.Listed(now.Add(-time.Hour))
	says := func(what string, settled, stale, evicted bool) {
		t.Helper()
		if got := [3]bool{l.Settled(soon, soon), l.Stale(soon), l.EvictedDuring(soon, soon)}; got != [3]bool{settled, stale, evicted} {
			t.Errorf("%s: settled, stale, evicted: %v", what, got)
		}
	}
	says("before", true, false, false)
	l.BeginEviction()
	says("ordered", false, false, true)
	l.SureOfEviction()
	says("evicted", false, true, true)
	if l.Stale(now) || l.EvictedDuring(now.Add(-time.Minute), now.Add(-time.Second)) {
		t.Error("before the order")
	}
	l.EndEviction()
	says("undone", false, false, true)
	if soon = now.Add(time.Minute); !l.Settled(soon, soon) || l.EvictedDuring(soon, soon) {
		t.Error("long after")
	}
}
