package main

// In:  the order to end the pages of a pod that is well.
// Out: pages that have reloaded, at the rate that was ordered; the pod takes pages again.

import (
	"time"
)

// evictRate is how many pages are told to reload in a second.
const evictRate = 10

// evict ends the pages of a pod, as an operator does with a bad release, and undoes it.
func (r *run) evict() error {
	pod := r.busiest(0)
	before := pod.Pages.Load()
	pod.BeginEviction()
	began := time.Now()
	for _, one := range r.serving { // each knows its own evictions only
		if err := one.Evict(pod.Address, evictRate); err != nil {
			return err
		}
	}
	pod.SureOfEviction()
	r.left(r.patience(), pod)
	pod.EndEviction()
	var told int64
	for _, one := range r.serving {
		number, err := one.UndoEviction(pod.Address)
		if err != nil {
			return err
		}
		told += number
	}
	lasted := time.Since(began)
	seen := r.row.Evicted.Load()
	r.say("%d pages were told to reload in %v, and %d have done so", told, lasted.Round(100*time.Millisecond), seen)
	switch {
	case seen == 0:
		r.ledger.Complain("no page has been told to reload: evicting %d pages shows nothing", before)
	case told < seen:
		r.ledger.Complain("the proxy says that it told %d pages to reload, and %d were told", told, seen)
	}
	// A second's worth may go at once.
	if limit := int64(len(r.serving)) * evictRate * (int64(lasted/time.Second) + 2); told > limit {
		r.ledger.Complain("%d pages were told to reload in %v, more than %d", told, lasted, limit)
	}
	r.reached(pod)
	return nil
}
