package main

import (
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// notice is how long DNS keeps a harmed pod, not counting caches.
const notice = 1500 * time.Millisecond

// busiest returns the fresh pod of an upstream with the most pages. It must have some, or the phase
// would show nothing.
func (r *run) busiest(upstream int) *fleet.Pod {
	var busiest *fleet.Pod
	for _, one := range r.fleet.Fresh(upstream) {
		if busiest == nil || one.Pages.Load() > busiest.Pages.Load() {
			busiest = one
		}
	}
	if busiest.Pages.Load() == 0 {
		r.ledger.Complain("no page is open on %s: what is done to it shows nothing", busiest.Name)
	}
	return busiest
}

// choose returns the busiest pod, in order to harm it.
func (r *run) choose(upstream int) *fleet.Pod {
	victim := r.busiest(upstream)
	r.ledger.Harm(victim.Life)
	return victim
}

// left waits until no page is open on the pods.
func (r *run) left(patience time.Duration, pods ...*fleet.Pod) {
	patience += max(0, time.Until(r.fleet.Told()))
	limit := time.Now().Add(patience)
	for {
		var pages int64
		for _, one := range pods {
			pages += one.Pages.Load()
		}
		if pages == 0 || !r.wait(50*time.Millisecond) {
			return
		}
		if time.Now().After(limit) {
			r.ledger.Complain("%d pages are still open on %s and the like, %v later", pages, pods[0].Name, patience)
			return
		}
	}
}

// replace puts fresh pods into DNS in place of harmed ones.
func (r *run) replace(upstream int, harmed ...*fleet.Pod) error {
	left := r.fleet.Fresh(upstream)
	for _, one := range harmed {
		left = fleet.Without(left, one)
	}
	started, err := r.fleet.StartPods(upstream, r.pods-len(left))
	if err == nil {
		r.fleet.Name(upstream, append(started, left...))
	}
	return err
}

// killOne kills one of several pods.
func (r *run) killOne() error {
	victim := r.choose(0)
	if err := victim.Kill(); err != nil {
		return err
	}
	r.wait(notice)
	r.fleet.Name(0, fleet.Without(r.fleet.Fresh(0), victim))
	r.left(r.patience(), victim)
	if err := r.replace(0, victim); err != nil {
		return err
	}
	r.wait(r.watch / 2)
	return nil
}

// patience is how long the pages of a dead pod may take to leave it. Reports and streams are
// renewed with every roll, reloads are paced, and a page that was told to wait may wait for a long time.
func (r *run) patience() time.Duration { return 2*r.roll + 20*time.Second }

// killUpstream kills all pods of an upstream. Its visitors move to the other upstream, and later to
// the new pods.
func (r *run) killUpstream() error {
	victims := r.fleet.Fresh(0)
	r.choose(0)
	for _, one := range victims {
		r.ledger.Harm(one.Life)
		if err := one.Kill(); err != nil {
			return err
		}
	}
	r.wait(notice)
	r.fleet.Name(0, nil)
	r.wait(r.watch / 2)
	if err := r.replace(0); err != nil {
		return err
	}
	r.left(r.patience(), victims...)
	r.wait(r.watch / 2)
	return nil
}

// killAll kills every pod for new pages, like the last one in a deployment with the strategy
// Recreate. DNS has no pods until the new ones are there. No visitor may be stranded: pages wait.
func (r *run) killAll() error {
	defer r.ledger.NoPod()()
	var victims []*fleet.Pod
	var pages int64
	for upstream := range r.upstreams {
		for _, one := range r.fleet.Fresh(upstream) {
			r.ledger.Harm(one.Life)
			victims, pages = append(victims, one), pages+one.Pages.Load()
		}
	}
	if pages == 0 {
		r.ledger.Complain("no page is open on any pod: harming them shows nothing")
	}
	for _, one := range victims {
		if err := one.Kill(); err != nil {
			return err
		}
	}
	r.wait(notice)
	for upstream := range r.upstreams {
		r.fleet.Name(upstream, nil)
	}
	r.wait(notice)
	for upstream := range r.upstreams {
		if err := r.replace(upstream); err != nil {
			return err
		}
	}
	r.left(r.patience(), victims...)
	r.wait(r.watch / 2)
	return nil
}

// stopOne stops a pod, which then accepts connections and answers nothing, and resumes it later. No
// page may be lost.
func (r *run) stopOne() error {
	victim := r.choose(1)
	before := r.fleet.Fresh(1)
	if err := victim.Stop(); err != nil {
		return err
	}
	r.wait(notice)
	r.fleet.Name(1, fleet.Without(before, victim))
	r.wait(r.watch / 2)
	if err := victim.Resume(); err != nil {
		return err
	}
	r.fleet.Name(1, before)
	r.wait(r.watch)
	return nil
}

// swallow makes the address of a pod swallow packets.
func (r *run) swallow(victim *fleet.Pod) error {
	victim.BeginFault(fleet.Swallowed)
	if err := r.site.Hole.Swallow(victim.Address); err != nil {
		return err
	}
	victim.SureOfFault()
	return nil
}

// blip makes an address swallow packets for less than gone_after. No page may be lost.
func (r *run) blip() error {
	if r.skipped() {
		return nil
	}
	victim := r.choose(0)
	if err := r.swallow(victim); err != nil {
		return err
	}
	r.wait(min(r.watch, 5*time.Second))
	if err := r.site.Hole.Spare(victim.Address); err != nil {
		return err
	}
	victim.EndFault()
	r.wait(r.watch)
	return nil
}

// blackHole makes the address of a pod swallow packets for good, like a node without power. Its
// pages are told to wait until gone_after is over, and then leave.
func (r *run) blackHole() error {
	if r.skipped() {
		return nil
	}
	victim := r.choose(0)
	if err := r.swallow(victim); err != nil {
		return err
	}
	r.wait(notice)
	r.fleet.Name(0, fleet.Without(r.fleet.Fresh(0), victim))
	if err := r.replace(0, victim); err != nil {
		return err
	}
	// A click waits up to 30 s on a silent connection. For 10 s or more, each dial takes
	// 3 s to fail.
	r.left(r.patience()+time.Minute, victim)
	r.wait(r.watch / 2)
	return victim.Kill()
}

// skipped reports whether addresses cannot swallow packets here, and says why.
func (r *run) skipped() bool {
	if r.site.Hole != nil {
		return false
	}
	r.say("skipped: no address can be made to swallow packets here (%v)", r.site.NoHole)
	return true
}
