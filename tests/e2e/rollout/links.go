package main

import (
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/site"
)

// Times of the load balancer in front of the replicas, and of the connections that a fault leaves behind.
const (
	noticed = time.Second      // until it sends no new connections to a replica that is lost
	settles = 15 * time.Second // until no request waits on an old connection any more: packets are sent again ever more seldom
)

// last is the replica that the faults hit. The others go on.
func (r *run) last() (*proxy.Replica, site.Place) {
	at := r.site.Proxies[len(r.site.Proxies)-1]
	return r.at(at), at
}

// unused sends no more connections to a replica after a moment, for as long as the fault of it lasts.
func (r *run) unused(victim *proxy.Replica, fault func() error) error {
	over := r.ledger.Cut(victim.Address)
	defer time.AfterFunc(settles, over)
	if err := fault(); err != nil {
		return err
	}
	r.wait(noticed)
	r.serve(r.without(victim)...)
	r.wait(r.watch)
	return nil
}

// loseReplica ends a replica without warning. Its visitors find the others. Later there is a new one, which knows nothing.
func (r *run) loseReplica() error {
	victim, at := r.last()
	if err := r.unused(victim, victim.Kill); err != nil {
		return err
	}
	if err := r.startReplica(at); err != nil {
		return err
	}
	r.wait(r.watch)
	return nil
}

// unreachable cuts a replica off from everything. Its visitors hear nothing until their connections are given up. It comes
// back as it was.
func (r *run) unreachable() error {
	victim, at := r.last()
	var mend func()
	err := r.unused(victim, func() error {
		mend = r.site.Nodes.Cut(at.Node, r.site.Nodes.Others(at.Node))
		return nil
	})
	mend()
	if err != nil {
		return err
	}
	r.serve(append(r.serving, victim)...)
	r.wait(r.watch)
	return nil
}

// isolated cuts a replica off from all pods, for longer than gone_after, while its visitors still reach it. The fault is on its own
// side: it tells no page to reload. Pages wait until the link is back.
func (r *run) isolated() error {
	victim, at := r.last()
	over := r.ledger.Cut(victim.Address)
	mend := r.site.Nodes.Cut(at.Node, r.site.Nodes.Pods)
	before := r.row.HeldBack.Load()
	r.wait(goneAfter + r.watch)
	mend()
	defer time.AfterFunc(settles, over)
	if r.row.HeldBack.Load() == before {
		r.ledger.Complain("the replica at %s told nobody to wait: nothing is shown", victim.Address)
	}
	r.wait(r.watch)
	return nil
}

// goneAfter is the default of the option gone_after.
const goneAfter = 10 * time.Second

// unreachablePods cuts the node of some pods off for a moment, shorter than gone_after: no page may be lost.
func (r *run) unreachablePods() error {
	node := r.site.Nodes.Pod(r.choose(0).Address)
	var victims []*fleet.Pod
	for upstream := range r.upstreams {
		for _, one := range r.fleet.Living(upstream) {
			if r.site.Nodes.Pod(one.Address) == node {
				r.ledger.Harm(one.Life)
				one.BeginFault(fleet.Swallowed)
				victims = append(victims, one)
			}
		}
	}
	mend := r.site.Nodes.Cut(node, r.site.Nodes.Others(node))
	for _, one := range victims {
		one.SureOfFault()
	}
	r.wait(goneAfter / 2)
	mend()
	for _, one := range victims {
		one.EndFault()
	}
	r.wait(r.watch)
	return nil
}
