// In: a name and the name servers to ask.
// Out: its addresses, those of them that are known, or an error that says what kind of failure it was.

package dns

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// LookupTimeout limits one lookup with all search domains.
	LookupTimeout = 30 * time.Second
	// questionTimeout limits one question, unless the system's configuration allows more for each attempt. It is what package net
	// gives a name server.
	questionTimeout = 5 * time.Second
	// silentTimeout is that of further questions as long as no name server has answered at all: then there is little hope.
	silentTimeout = 2 * time.Second
	// moment is how much longer a question is waited for when the one about the other IP version has got an answer that is of use.
	moment = 100 * time.Millisecond
	// lateUntil is the age at which the answer to a question that was not waited for is too old for the next lookup.
	lateUntil = 10 * time.Second
)

// A LookupFunc resolves one name; network is "ip", "ip4" or "ip6" as for [net.Resolver.LookupNetIP]. For one
// name it is never called twice at the same time. It must return soon after the context ends. Addresses that come with an [*Incomplete]
// are some of those that there are.
type LookupFunc func(ctx context.Context, network, host string) ([]netip.Addr, error)

// Incomplete says what is missing in an answer.
type Incomplete struct {
	// Missing are the IP versions of which nothing, or only a part, is known.
	Missing Versions
	// Err is why, nil if it is only late.
	Err error
	// Late is closed when the answer about the missing version has come or will not come any more; then LateAddresses are there. Nil if nothing
	// is to be expected.
	Late          <-chan struct{}
	LateAddresses func() []netip.Addr
}

// Error says why something is missing.
func (i *Incomplete) Error() string {
	if i.Err == nil {
		return "the answer is late"
	}
	return i.Err.Error()
}

// Unwrap gives access to the resolver's error.
func (i *Incomplete) Unwrap() error { return i.Err }

// NewLookup is the LookupFunc of the options' name servers. The silence may be shared with others.
func NewLookup(o Options, silence *Silence) LookupFunc { return newResolver(o, silence).lookup }

// resolver looks up one name, again and again.
type resolver struct {
	dialer  *net.Dialer
	silence *Silence
	system  func() []string

	answered dnsmessage.Name // with its search domain: which had the addresses in the last lookup

	mu      sync.Mutex
	servers []string // none: the system's
	// unclaimed are exchanges whose answers no lookup has seen yet.
	unclaimed map[dnsmessage.Question]*exchange
}

func newResolver(o Options, silence *Silence) *resolver {
	r := &resolver{
		dialer:    &net.Dialer{Timeout: o.DialTimeout, FallbackDelay: o.FallbackDelay},
		silence:   silence,
		system:    systemServers,
		servers:   slices.Clone(o.Resolvers),
		unclaimed: make(map[dnsmessage.Question]*exchange),
	}
	rand.Shuffle(len(r.servers), func(i, j int) { r.servers[i], r.servers[j] = r.servers[j], r.servers[i] })
	return r
}

func (r *resolver) lookup(ctx context.Context, network, host string) ([]netip.Addr, error) {
	l := &lookup{resolver: r, host: host, system: sync.OnceValue(r.system)}
	system := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		return &conversation{ctx: ctx, lookup: l, network: network, address: address}, nil
	}}
	addresses, err := system.LookupNetIP(ctx, network, host)
	return l.conclude(addresses, err)
}

// exchange puts a question, or takes over an exchange about it that the lookup before did not wait for.
func (r *resolver) exchange(x *exchange, servers func() []string, limit time.Duration) *exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	if begun := r.unclaimed[x.question]; begun != nil {
		delete(r.unclaimed, x.question)
		if !isClosed(begun.done) || begun.reply.verdict != useless && time.Since(begun.ended) < lateUntil {
			return begun
		}
	}
	x.inOrder, x.done = len(r.servers) == 0, make(chan struct{})
	ask := slices.Clone(r.servers)
	if x.inOrder {
		ask = servers()
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		x.run(ctx, ask)
	}()
	return x
}

// leave keeps an exchange that is not waited for, for the next lookup.
func (r *resolver) leave(x *exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unclaimed[x.question] = x
}

// claim takes that back.
func (r *resolver) claim(x *exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unclaimed[x.question] == x {
		delete(r.unclaimed, x.question)
	}
}

// prefer has a name server asked first from now on: the one that has answered. The system's are asked in the system's order.
func (r *resolver) prefer(server string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.servers, server); i > 0 {
		r.servers = slices.Insert(slices.Delete(r.servers, i, i+1), 0, server)
	}
}

// lookup is one lookup of a resolver.
type lookup struct {
	resolver *resolver
	host     string
	system   func() []string // worked out once

	mu            sync.Mutex
	asked         []*asked // in order
	silent, heard bool     // some question was not answered by anybody, another was
}

// asked is a question of a lookup.
type asked struct {
	*exchange
	late bool // not waited for
	// enough is closed when it is not worth waiting for any more.
	enough chan struct{}
	close  func()
}

// errLate is about an answer that is not waited for.
var errLate = &net.DNSError{Err: "no answer yet", IsTimeout: true}

// ask returns the answer to a query of package net.
func (l *lookup) ask(ctx context.Context, network, address string, query []byte) ([]byte, error) {
	question, id, err := questionOf(query)
	if err != nil {
		return nil, err
	}
	a := l.begin(ctx, network, address, &exchange{question: question, id: id, query: query, dialer: l.resolver.dialer, silence: l.resolver.silence})
	if !isClosed(a.done) {
		select {
		case <-a.done:
		case <-a.enough:
			l.mu.Lock()
			defer l.mu.Unlock()
			if !a.late {
				a.late = true
				l.resolver.leave(a.exchange)
			}
			return nil, errLate
		case <-ctx.Done(): // package net has lost patience; it asks again, and is told the same
			return nil, ctx.Err()
		}
	}
	l.end(a)
	if a.reply.verdict == useless {
		return nil, a.reply.err
	}
	return addressed(a.reply.message, id), nil
}

// begin puts the question, if this lookup has not done so. All attempts of package net are one exchange here.
func (l *lookup) begin(ctx context.Context, network, address string, x *exchange) *asked {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.asked {
		if a.question == x.question {
			return a
		}
	}
	limit := questionTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = max(limit, time.Until(deadline))
	}
	if l.silent && !l.heard {
		limit = silentTimeout
	}
	a := &asked{enough: make(chan struct{})}
	a.close = sync.OnceFunc(func() { close(a.enough) })
	a.exchange = l.resolver.exchange(x, func() []string { return l.servers(network, address) }, limit)
	l.asked = append(l.asked, a)
	for _, other := range l.asked {
		if other.question.Name == a.question.Name && isClosed(other.done) {
			l.release(other)
		}
	}
	return a
}

// servers are the system's.
func (l *lookup) servers(network, address string) []string {
	servers := slices.Clone(l.system())
	if len(servers) == 0 {
		servers = []string{address}
	}
	if network == "tcp" { // the system's configuration says so
		for i := range servers {
			servers[i] = "tcp/" + servers[i]
		}
	}
	return servers
}

// end takes the answer to a question.
func (l *lookup) end(a *asked) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.reply.verdict == useless && isTimeout(a.reply.err) {
		l.silent = true
	} else {
		l.heard = true
	}
	if a.late { // package net has asked once more, and now it is there
		a.late = false
		l.resolver.claim(a.exchange)
	}
	if a.reply.verdict != useless {
		l.resolver.prefer(a.server)
	}
	l.release(a)
}

// release gives the other question about the same name a moment more, if this answer is of use without it: addresses, or that there is
// no such name. The lock is held.
func (l *lookup) release(a *asked) {
	if v := a.reply.verdict; v != found && v != cut && v != noName {
		return
	}
	for _, other := range l.asked {
		if other != a && other.question.Name == a.question.Name {
			time.AfterFunc(moment, other.close)
		}
	}
}

// conclude makes one answer of all. It says that there is no address only if every answer says so.
func (l *lookup) conclude(addresses []netip.Addr, err error) ([]netip.Addr, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.asked) == 0 { // it was no matter of DNS
		return addresses, err
	}
	last := l.asked[len(l.asked)-1]
	if err != nil || len(addresses) == 0 {
		for _, a := range l.asked {
			if failure := a.failure(); failure != nil {
				return nil, failure
			}
		}
		return nil, &net.DNSError{Err: "no such host", Name: l.host, Server: plain(last.server), IsNotFound: true}
	}
	// A search domain that is tried only because another one failed may know quite another host of that name.
	name, incomplete := last.question.Name, &Incomplete{}
	for _, a := range l.asked {
		failure := a.failure()
		if failure != nil && a.question.Name == l.resolver.answered && name != l.resolver.answered {
			return nil, failure
		}
		if failure == nil || a.question.Name != name {
			continue
		}
		if a.question.Type == dnsmessage.TypeA {
			incomplete.Missing.IPv4 = true
		} else {
			incomplete.Missing.IPv6 = true
		}
		if a.late {
			incomplete.Late, incomplete.LateAddresses = a.done, func() []netip.Addr { return Canonical(a.reply.addresses) }
		} else {
			incomplete.Err = failure
		}
	}
	l.resolver.answered = name
	if incomplete.Missing == (Versions{}) {
		return addresses, nil
	}
	return addresses, incomplete
}

// failure is why a question has no answer, or none that is whole; nil if it has.
func (a *asked) failure() error {
	if a.late || !isClosed(a.done) {
		return &net.DNSError{Err: "no answer", Name: a.question.Name.String(), IsTimeout: true}
	}
	return a.reply.err
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
