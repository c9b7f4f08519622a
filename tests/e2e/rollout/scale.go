package main

import (
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// scaleUp doubles the number of pods of an upstream.
func (r *run) scaleUp() error {
	started, err := r.fleet.StartPods(0, r.pods)
	if err != nil {
		return err
	}
	r.fleet.Name(0, append(started, r.fleet.Fresh(0)...))
	r.reached(started...)
	return nil
}

// scaleDown halves it. Some of the remaining pods are old, and some of the draining ones are new.
func (r *run) scaleDown() error {
	pods := r.fleet.Fresh(0)
	var stay []*fleet.Pod
	for index := 0; index < len(pods) && len(stay) < r.pods; index += 2 {
		stay = append(stay, pods[index])
	}
	if _, err := r.fleet.Replace(0, stay); err != nil {
		return err
	}
	r.told()
	r.wait(r.watch)
	return nil
}

// reached waits until the proxy knows the pods and each has got a page.
func (r *run) reached(pods ...*fleet.Pod) {
	r.told()
	limit := time.Now().Add(r.patience())
	for _, one := range pods {
		for one.Pages.Load() == 0 && r.wait(50*time.Millisecond) {
			if time.Now().After(limit) {
				r.ledger.Complain("no page has come to %s in %v", one.Name, r.patience())
				return
			}
		}
	}
}

// single replaces the only pod of all. The new one is not yet known when the old one is told to
// stop, so the old one must keep serving.
func (r *run) single() error {
	if _, err := r.fleet.Replace(0, r.fleet.Fresh(0)[:1]); err != nil {
		return err
	}
	for upstream := 1; upstream < r.upstreams; upstream++ {
		if _, err := r.fleet.Replace(upstream, nil); err != nil {
			return err
		}
	}
	r.told()
	r.wait(notice)

	r.fleet.Age(0, r.cache/2)
	started, err := r.fleet.StartPods(0, 1)
	if err != nil {
		return err
	}
	before := r.row.LastChoice.Load()
	old, err := r.fleet.Replace(0, started)
	if err != nil {
		return err
	}
	r.reached(started...)
	if r.row.LastChoice.Load() == before {
		r.ledger.Complain("%s has served no page while it was the only one and drained: nothing is shown", old[0].Name)
	}
	// The old pod ends with its last page, during later phases; finish checks that.
	for upstream := range r.upstreams {
		if err := r.replace(upstream); err != nil {
			return err
		}
	}
	r.told()
	r.wait(notice)
	return nil
}
