package main

import (
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/site"
)

// Times of the load balancer in front of the replicas, and of connections broken by a fault.
const (
	noticed = time.Second      // until it sends no new connections to a lost replica
	settles = 15 * time.Second // until no request waits on an old connection: packets are repeated at growing intervals
)

// goneAfter is the default of the option gone_after.
const goneAfter = 10 * time.Second

// last returns the replica that the faults hit. The others keep serving.
func (r *run) last() (*proxy.Replica, site.Place) {
	at := r.site.Proxies[len(r.site.Proxies)-1]
	return r.at(at), at
}

// unused sends no new connections to a replica, shortly after its fault begins and as long as it
// lasts.
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

// loseReplica kills a replica. Its visitors move to the others. Later there is a new one without
// any state.
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

// unreachable cuts a replica off from everything. Its visitors get no data until their connections
// are given up. The replica comes back unchanged.
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

// isolated cuts a replica off from all pods for longer than gone_after, while visitors still reach
// it. The fault is its own, so it tells no page to reload. Pages wait until the link is back.
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

// unreachablePods cuts off the node of some pods for less than gone_after. No page may be lost.
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
