// In: a host's name and where to look it up.
// Out: its addresses, those of them that are known, or why there are none.

package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/routing"
	"golang.org/x/net/dns/dnsmessage"
)

const (
	// LookupTimeout limits one lookup with all search domains.
	LookupTimeout = 30 * time.Second
	// questionTimeout limits one question, unless the system's configuration allows more for each attempt. It is what package net
	// gives a name server.
	questionTimeout = 5 * time.Second
	// moment is how much longer a question is waited for when the one about the other IP version has got an answer that is of use.
	moment = 100 * time.Millisecond
	// firstFor is for how long a name server goes before its turn after it has answered. Then a silent one is tried again.
	firstFor = 10 * time.Second
	// lateUntil is the age at which the answer to a question that was not waited for is too old for the next lookup.
	lateUntil = 10 * time.Second
)

// outcome is what a lookup has brought.
type outcome struct {
	addresses []netip.Addr
	// missing are the IP versions of which nothing, or only a part, is known.
	missing routing.Missing
	// failure is why there are no addresses, or not all of them; nil if the rest is only late.
	failure *Failure
	// late is an answer that is still to come; nil if there is none.
	late *question
}

// host looks up one name, again and again.
type host struct {
	network   string
	resolvers []string // to ask, in random order; none: the system's
	dialer    *net.Dialer
	plan      func(network, name string) *plan

	first string    // a name server that has answered and goes before the others
	since time.Time // when it has

	answered dnsmessage.Name // with its search domain: which had the addresses in the last lookup
	// unclaimed are questions whose answers no lookup has seen yet.
	unclaimed map[dnsmessage.Question]*question

	// These are the driver's, under its lock.
	told    []netip.Addr // the addresses that were last told of
	failure *Failure     // of the last lookup
}

func newHost(o Options) *host {
	h := &host{
		network:   cmp.Or(o.Network, "ip"),
		resolvers: slices.Clone(o.Resolvers),
		dialer:    &net.Dialer{Timeout: o.DialTimeout, FallbackDelay: o.FallbackDelay},
		plan:      systemPlan,
		unclaimed: make(map[dnsmessage.Question]*question),
	}
	rand.Shuffle(len(h.resolvers), func(i, j int) { h.resolvers[i], h.resolvers[j] = h.resolvers[j], h.resolvers[i] })
	return h
}

// lookup tries one search domain after the other. It says that there is no address only if every answer says so. It returns soon after the
// context ends. Only one goroutine may call it at a time.
func (h *host) lookup(ctx context.Context, name string) (failed outcome) {
	p := h.plan(h.network, name)
	for _, questions := range p.names {
		h.put(ctx, questions, p)
		got, full := h.conclude(name, questions), questions[0].Name
		if len(got.addresses) > 0 {
			h.answered = full
			return got
		}
		absent := got.failure.Kind == routing.LookupNotFound
		if !absent && full == h.answered { // another search domain may know quite another host of that name
			return got
		}
		if failed.failure == nil || !absent && failed.failure.Kind == routing.LookupNotFound {
			failed = got
		}
	}
	if listed := Canonical(p.addresses); len(listed) > 0 {
		return outcome{addresses: listed}
	}
	if failed.failure == nil {
		failed.failure = &Failure{name, routing.LookupNotFound, cmp.Or(p.err, errAbsent)}
	}
	return failed
}

// put puts the questions about one name, two at most, and waits until all have their answers. An answer that is of use without the other,
// addresses or that there is no such name, gives that a moment more. A question that was put before takes the place of the same one.
func (h *host) put(ctx context.Context, questions []*question, p *plan) {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var waiting sync.WaitGroup
	for i := range questions {
		q := h.begin(questions[i], p)
		questions[i] = q
		waiting.Go(func() {
			select {
			case <-q.ended:
				if said := q.reply.Load(); said.noName || len(said.addresses) > 0 {
					time.AfterFunc(moment, enough)
				}
			case <-ctx.Done():
			}
		})
	}
	waiting.Wait()
}

// begin puts a question, unless one is of use that a lookup before has put and not waited for.
func (h *host) begin(q *question, p *plan) *question {
	if begun := h.unclaimed[q.Question]; begun != nil {
		if said := begun.reply.Load(); said == nil || said.worth() != nothing && time.Since(said.at) < lateUntil {
			return begun
		}
	}
	servers, ranks := h.order(h.resolvers), false
	if len(servers) == 0 {
		servers, ranks = h.order(p.servers), true
	}
	h.unclaimed[q.Question] = q
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), p.limit)
		defer cancel()
		said := exchange(ctx, h.dialer, q, servers, ranks)
		q.reply.Store(&said)
		close(q.ended)
	}()
	return q
}

// order returns the name servers to ask, the one first that has answered lately.
func (h *host) order(servers []string) []string {
	if i := slices.Index(servers, h.first); i > 0 && time.Since(h.since) < firstFor {
		return slices.Concat(servers[i:i+1], servers[:i], servers[i+1:])
	}
	return servers
}

// conclude makes one outcome of the answers about one name.
func (h *host) conclude(name string, questions []*question) (got outcome) {
	var failure, late, absence error
	for _, q := range questions {
		said := q.reply.Load()
		if said == nil || said.worth() < denial {
			got.missing.IPv4 = got.missing.IPv4 || q.Type == dnsmessage.TypeA
			got.missing.IPv6 = got.missing.IPv6 || q.Type == dnsmessage.TypeAAAA
		}
		if said == nil {
			got.late, late = q, fmt.Errorf("lookup %s: %w", q.Name, os.ErrDeadlineExceeded)
			continue
		}
		delete(h.unclaimed, q.Question)
		got.addresses = append(got.addresses, said.addresses...)
		if said.worth() == denial {
			absence = said.err
		} else {
			failure = cmp.Or(failure, said.err)
		}
		// The order of the system's name servers counts. One is asked before its turn only as long as another is silent.
		if said.passed || said.worth() != nothing && len(h.resolvers) > 0 {
			h.first, h.since = said.server, said.at
		}
	}
	got.addresses = Canonical(got.addresses)
	if len(got.addresses) == 0 {
		failure = cmp.Or(failure, late, absence, errAbsent)
	}
	if failure != nil {
		got.failure = &Failure{name, kindOf(failure), failure}
		got.missing.Failure = got.failure.Kind
	}
	return got
}

// Failure says why a lookup brought no addresses, or not all.
type Failure struct {
	Host string
	Kind routing.LookupFailure
	Err  error
}

// Error says it in a line.
func (f *Failure) Error() string {
	return fmt.Sprintf("resolving host %q: %s: %v", f.Host, f.Kind, f.Err)
}

// kindOf says what kind of failure the error of an answer is.
func kindOf(err error) routing.LookupFailure {
	var code refusal
	var timeout net.Error
	switch {
	case errors.Is(err, errAbsent):
		return routing.LookupNotFound
	case errors.As(err, &code):
		return routing.LookupServerFailure
	case errors.As(err, &timeout) && timeout.Timeout():
		return routing.LookupTimeout
	}
	return routing.LookupFailed
}

// Canonical brings a resolver's answer into the one form that is compared and handed out: IPv4-mapped as
// IPv4, sorted, without duplicates. Unspecified and multicast addresses belong to no pod; a blocking name
// server answers 0.0.0.0, which would make the proxy dial itself.
func Canonical(answer []netip.Addr) []netip.Addr {
	out := make([]netip.Addr, 0, len(answer))
	for _, a := range answer {
		a = a.Unmap()
		if a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}
