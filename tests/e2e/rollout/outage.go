package main

import (
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

// nameServerOutage makes the name server silent, and then makes it answer with errors. Meanwhile
// Caddy reloads. Nothing may fail.
func (r *run) nameServerOutage() error {
	failures := []nameserver.Failure{nameserver.Silent, nameserver.ServerFailure, nameserver.NameError}
	if r.short {
		failures = failures[:2]
	}
	for _, failure := range failures {
		before := r.site.Names.Queries("")
		r.site.Names.Fail("", failure)
		r.wait(r.watch)
		if r.site.Names.Queries("") == before {
			r.ledger.Complain("nobody asked the name server while it failed: nothing is shown")
		}
		if err := r.reloadWith(r.secret); err != nil {
			return err
		}
		r.wait(r.watch / 2)
	}
	r.site.Names.Fail("", nameserver.None)
	r.wait(r.watch / 2)
	return nil
}

// The defaults of the option gone_rate: pages told to reload per second, and at once after a pause.
const (
	goneRate  = 100
	goneBurst = 100
)

// wrongKey gives Caddy a key that opens no token, for a while. Without a limit all pages would
// reload again and again: the number of requests to the pods must stay bounded. When the key is
// back, the pages that were told to wait continue.
func (r *run) wrongKey() error {
	length := 10 * time.Second
	if r.short {
		length = 4 * time.Second
	}
	begin := time.Now()
	over := r.ledger.WrongKey()
	if err := r.reloadWith(newSecret()); err != nil {
		return err
	}
	r.wait(length)
	if err := r.reloadWith(r.secret); err != nil {
		return err
	}
	end := time.Now()
	r.wait(goodbye) // answers on their way
	over()
	r.wait(time.Second) // counts of the pods
	var pages, most uint64
	for _, second := range r.fleet.PerSecond(begin, end) {
		pages += second.Pages
		most = max(most, second.Pages)
	}
	paced := r.ledger.Reloads(ledger.Stream, ledger.Report)
	others := r.ledger.Reloads(ledger.Hook, ledger.Link, ledger.History)
	seconds := int64(end.Sub(begin)/time.Second) + 2
	limit := int64(len(r.serving)) * (goneRate*seconds + goneBurst) // each replica has its own rate
	r.say("%d pages reloaded for want of updates and %d after a click; the pods served %d pages, at most %d in a second",
		paced, others, pages, most)
	if paced == 0 {
		r.ledger.Complain("no page was told to reload: the wrong key shows nothing")
	}
	if paced > limit {
		r.ledger.Complain("%d pages were told to reload in %d s, more than %d", paced, seconds, limit)
	}
	// In addition visitors open pages as usual.
	usual := int64(float64(r.sessions) * float64(seconds) * float64(time.Second) / float64(r.stay) * 2)
	if limit += others + usual; int64(pages) > limit {
		r.ledger.Complain("the pods served %d pages in %d s, more than %d", pages, seconds, limit)
	}
	r.wait(r.watch)
	return nil
}
