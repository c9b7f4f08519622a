package main

// In:  the order to change what runs, and to go on watching.
// Out: new pods in place of old ones, or Caddy anew; nobody is harmed.

import "time"

// deploy replaces all pods of all upstreams, one upstream after the other. DNS is late: the old pods drain before anybody knows
// the new ones.
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

// reload loads Caddy's configuration anew, several times.
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

// goodbye is how long after a reload Caddy may still say goodbye on connections of the old configuration: its servers shut down beside it.
const goodbye = time.Second

// reloadWith loads the configuration with a key.
func (r *run) reloadWith(secret string) error {
	over := r.ledger.Closing()
	defer time.AfterFunc(goodbye, over)
	return r.replica.Reload(secret)
}

// takeOver starts a second Caddy, sends all new connections there, and ends the first one.
func (r *run) takeOver() error {
	first := r.replica
	next := proxies[0]
	if first.Address == next {
		next = proxies[1]
	}
	if err := r.startReplica(next); err != nil {
		return err
	}
	r.wait(r.watch / 2)
	over := r.ledger.Closing()
	defer over()
	if err := first.Stop(); err != nil {
		return err
	}
	r.wait(r.watch)
	// It waits for the requests under way: the longest are streams, which end with their roll.
	if err := first.Ended(2*r.roll + 10*time.Second); err != nil {
		r.ledger.Complain("%v", err)
	}
	return nil
}
