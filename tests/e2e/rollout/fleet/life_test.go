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
		t.Error("stopped is not killed")
	}
	l.BeginFault(Killed)
	if fault, found := l.FaultDuring(now, time.Now()); !found || fault.Kind != Killed {
		t.Errorf("a pod that was stopped and then killed: %+v", fault)
	}
}

func TestKnown(t *testing.T) {
	l := &Life{}
	l.Listed()
	if l.Known() {
		t.Error("known at once")
	}
	l.since = l.since.Add(-2 * propagation)
	if l.Listed(); !l.Known() {
		t.Error("not known for long")
	}
	if l.Delisted(); l.Known() {
		t.Error("known without DNS")
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

func TestSettled(t *testing.T) {
	l := &Life{}
	now := time.Now()
	if l.Settled(now, now) {
		t.Error("never listed")
	}
	l.Listed()
	if !l.Settled(now, now) {
		t.Error("listed")
	}
	l.BeginFault(Swallowed)
	l.SureOfFault()
	l.EndFault()
	if at := time.Now(); l.Settled(at, at) {
		t.Error("a fault a moment ago")
	}
	l.Draining()
	if at := now.Add(time.Hour); l.Settled(at, at) {
		t.Error("draining")
	}
}
