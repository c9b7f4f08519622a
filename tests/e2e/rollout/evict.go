package main

import (
	"time"
)

// evictRate is how many pages are told to reload per second.
const evictRate = 10

// evict evicts a pod, as an operator does with a bad release, and ends the eviction.
func (r *run) evict() error {
	pod := r.busiest(0)
	before := pod.Pages.Load()
	pod.BeginEviction()
	began := time.Now()
	for _, one := range r.serving { // each has only its own evictions
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
	// Pages for one second may be told at once.
	if limit := int64(len(r.serving)) * evictRate * (int64(lasted/time.Second) + 2); told > limit {
		r.ledger.Complain("%d pages were told to reload in %v, more than %d", told, lasted, limit)
	}
	r.reached(pod)
	return nil
}
