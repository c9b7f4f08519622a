package main

import (
	"slices"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/site"
)

// deploy replaces all pods, one upstream after the other. DNS is late: old pods are draining before
// the new ones are known.
func (r *run) deploy() error {
	for upstream := range r.upstreams {
		if err := r.fleet.Deploy(upstream); err != nil {
			return err
		}
		r.wait(r.watch / time.Duration(r.upstreams))
	}
	r.told()
	r.wait(r.watch)
	return nil
}

// reload reloads Caddy's configuration several times.
func (r *run) reload() error {
	const reloads = 10
	for range reloads {
		if err := r.reloadWith(r.secret); err != nil {
			return err
		}
		if !r.wait(r.watch / reloads) {
			return nil
		}
	}
	r.wait(r.watch / 2)
	return nil
}

// goodbye is how long after a reload the old configuration may still answer. Its servers shut down
// while the new ones serve, and an HTTP/2 connection accepts requests for another second (net/http,
// goAwayTimeout).
const goodbye = 2 * time.Second

// reloadWith loads the configuration with a key.
func (r *run) reloadWith(secret string) error {
	over := r.ledger.Closing()
	defer time.AfterFunc(goodbye, over)
	for _, one := range r.serving {
		if err := one.Reload(secret); err != nil {
			return err
		}
	}
	return nil
}

// takeOver replaces every replica. If there is a place for both, the new one starts before the old
// one ends.
func (r *run) takeOver() error {
	start := func() error {
		free := slices.IndexFunc(r.site.Proxies, func(at site.Place) bool { return r.at(at) == nil })
		return r.startReplica(r.site.Proxies[free])
	}
	for _, old := range slices.Clone(r.serving) {
		steps := []func() error{start, func() error { return r.retire(old) }}
		if len(r.serving) == len(r.site.Proxies) {
			slices.Reverse(steps)
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
	}
	r.wait(r.watch / 2)
	return nil
}

// at returns the replica that serves at a place, or nil.
func (r *run) at(here site.Place) *proxy.Replica {
	for _, one := range r.serving {
		if one.Address == here.Address {
			return one
		}
	}
	return nil
}

// retire sends no more connections to a replica, then ends it.
func (r *run) retire(old *proxy.Replica) error {
	r.serve(r.without(old)...)
	r.wait(r.watch / 2)
	over := r.ledger.Closing()
	defer over()
	if err := old.Stop(); err != nil {
		return err
	}
	r.wait(r.watch)
	// It waits for requests under way. The longest are streams, which end after their roll.
	if err := old.Ended(2*r.roll + 10*time.Second); err != nil {
		r.ledger.Complain("%v", err)
	}
	return nil
}
