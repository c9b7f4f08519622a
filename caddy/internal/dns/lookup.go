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
	// LookupTimeout limits one lookup, with all search domains.
	LookupTimeout = 30 * time.Second
	// questionTimeout limits one question, unless the system's configuration allows more per
	// attempt. Package net gives a name server the same time.
	questionTimeout = 5 * time.Second
	// secondAnswerWait is how long to wait for the other IP version once one has a useful answer.
	secondAnswerWait = 100 * time.Millisecond
	// preferFor is how long a name server that has answered is asked before those that were silent.
	preferFor = 10 * time.Second
	// maxLateAge is the age at which a late answer is too old for the next lookup.
	maxLateAge = 10 * time.Second
)

// outcome is the result of a lookup.
type outcome struct {
	addresses []netip.Addr
	// missing are the IP versions without a complete answer.
	missing routing.Missing
	// failure says why some or all addresses are missing. It is nil if the rest is only late.
	failure *Failure
	// late is a question that is still open, or nil.
	late *question
}

// host looks up one name repeatedly.
type host struct {
	network   string
	resolvers []string // in random order; empty for the system's
	dialer    *net.Dialer
	plan      func(network, name string) *plan

	preferred   string    // a name server that answered, asked before the others
	preferredAt time.Time // when it answered

	answered dnsmessage.Name // the full name, with search domain, that had the addresses in the last lookup
	// unclaimed holds the questions whose answers no lookup has used yet.
	unclaimed map[dnsmessage.Question]*question

	// The fields below belong to the driver and are guarded by its mutex.
	reported []netip.Addr // the addresses last reported
	failure  *Failure     // of the last lookup
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

// lookup tries the search domains in turn. It reports "not found" only if every answer does. It
// returns soon after ctx is done. Only one goroutine may call it at a time.
func (h *host) lookup(ctx context.Context, name string) (failed outcome) {
	p := h.plan(h.network, name)
	for _, questions := range p.names {
		h.askAll(ctx, questions, p)
		got, full := h.conclude(name, questions), questions[0].Name
		if len(got.addresses) > 0 {
			h.answered = full
			return got
		}
		absent := got.failure.Kind == routing.LookupNotFound
		if !absent && full == h.answered { // in another search domain the name may be a different host
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

// askAll asks the questions about one name, at most two, and waits for the answers. Once one of them
// has addresses or says that the name does not exist, the other gets only secondAnswerWait longer. A
// question that an earlier lookup left open is used instead of a new one.
func (h *host) askAll(ctx context.Context, questions []*question, p *plan) {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var waiting sync.WaitGroup
	for i := range questions {
		q := h.begin(questions[i], p)
		questions[i] = q
		waiting.Go(func() {
			select {
			case <-q.ended:
				if answer := q.reply.Load(); answer.noName || len(answer.addresses) > 0 {
					time.AfterFunc(secondAnswerWait, enough)
				}
			case <-ctx.Done():
			}
		})
	}
	waiting.Wait()
}

// begin asks a question, unless an earlier lookup has left a usable one.
func (h *host) begin(q *question, p *plan) *question {
	if begun := h.unclaimed[q.Question]; begun != nil {
		if answer := begun.reply.Load(); answer == nil || answer.worth() != nothing && time.Since(answer.at) < maxLateAge {
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
		answer := exchange(ctx, h.dialer, q, servers, ranks)
		q.reply.Store(&answer)
		close(q.ended)
	}()
	return q
}

// order returns the name servers in the order in which to ask them. One that has answered within
// preferFor comes first.
func (h *host) order(servers []string) []string {
	if i := slices.Index(servers, h.preferred); i > 0 && time.Since(h.preferredAt) < preferFor {
		return slices.Concat(servers[i:i+1], servers[:i], servers[i+1:])
	}
	return servers
}

// conclude combines the answers about one name.
func (h *host) conclude(name string, questions []*question) (got outcome) {
	var failure, late, absence error
	for _, q := range questions {
		answer := q.reply.Load()
		if answer == nil || answer.worth() < denial {
			got.missing.IPv4 = got.missing.IPv4 || q.Type == dnsmessage.TypeA
			got.missing.IPv6 = got.missing.IPv6 || q.Type == dnsmessage.TypeAAAA
		}
		if answer == nil {
			got.late, late = q, fmt.Errorf("lookup %s: %w", q.Name, os.ErrDeadlineExceeded)
			continue
		}
		delete(h.unclaimed, q.Question)
		got.addresses = append(got.addresses, answer.addresses...)
		if answer.worth() == denial {
			absence = answer.err
		} else {
			failure = cmp.Or(failure, answer.err)
		}
		// The order of the system's name servers matters. A later one comes first only while an
		// earlier one is silent.
		if answer.firstIsSilent || answer.worth() != nothing && len(h.resolvers) > 0 {
			h.preferred, h.preferredAt = answer.server, answer.at
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

// Failure says why a lookup has returned no addresses, or not all.
type Failure struct {
	Host string
	Kind routing.LookupFailure
	Err  error
}

// Error returns the failure in one line.
func (f *Failure) Error() string {
	return fmt.Sprintf("cannot resolve host %q (%s): %v", f.Host, f.Kind, f.Err)
}

// kindOf classifies the error of an answer.
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

// Canonical returns addresses in the form in which they are compared: IPv4-mapped ones as IPv4,
// sorted, without duplicates. It drops unspecified and multicast addresses, which no pod has.
// Blocking name servers answer 0.0.0.0, and Caddy would dial itself.
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
