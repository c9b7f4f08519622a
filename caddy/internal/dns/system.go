// In: a name.
// Out: the questions that it takes on this system, and the name servers to ask. Nothing is sent.

package dns

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// plan is what the system's configuration says about a name. Package net alone knows how to read that, and when to read it again. So it is
// made to look the name up over a connection that takes note of what it is for and then fails: this plan.
type plan struct {
	net.Conn // none

	mu      sync.Mutex
	names   [][]*question // in order; those of one name are about different types
	servers []string      // in order
	limit   time.Duration // for each question

	// What needs no question: an address in a file, or a name that cannot be one.
	addresses []netip.Addr
	err       error
}

// systemPlan makes the plan for a name; network is "ip", "ip4" or "ip6".
func systemPlan(network, name string) *plan {
	p := &plan{limit: questionTimeout}
	system := net.Resolver{PreferGo: true, Dial: p.dial}
	p.addresses, p.err = system.LookupNetIP(context.Background(), network, name)
	return p
}

// dial takes note of a name server, once.
func (p *plan) dial(ctx context.Context, network, address string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if server := network + "/" + address; !slices.Contains(p.servers, server) {
		p.servers = append(p.servers, server)
	}
	deadline, _ := ctx.Deadline() // of one attempt
	p.limit = max(p.limit, time.Until(deadline))
	return p, nil
}

// Write takes note of the question in a query, once.
func (p *plan) Write(framed []byte) (int, error) {
	var m dnsmessage.Message
	if err := m.Unpack(framed[2:]); err != nil {
		return 0, err
	}
	q := &question{Question: m.Questions[0], id: m.ID, framed: bytes.Clone(framed), ended: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.names) - 1
	if last < 0 || p.names[last][0].Name != q.Name {
		p.names = append(p.names, []*question{q})
	} else if !slices.ContainsFunc(p.names[last], func(other *question) bool { return other.Type == q.Type }) {
		p.names[last] = append(p.names[last], q)
	}
	return 0, errors.ErrUnsupported
}

// Close has nothing to close.
func (*plan) Close() error { return nil }

// SetDeadline has nothing to wait for.
func (*plan) SetDeadline(time.Time) error { return nil }
