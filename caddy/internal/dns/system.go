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

// plan is how the system would resolve a name: which questions it would ask, and of which name
// servers. Only package net can read the system's configuration and reload it when it changes. So
// plan lets it look the name up over connections that record each query and then fail.
type plan struct {
	net.Conn // nil

	mu      sync.Mutex
	names   [][]*question // in order; the questions about one name differ in their type
	servers []string      // in order
	limit   time.Duration // for each question

	// The result without any question: addresses from a hosts file, or an error for an invalid
	// name.
	addresses []netip.Addr
	err       error
}

// systemPlan returns the plan for a name. network is "ip", "ip4" or "ip6".
func systemPlan(network, name string) *plan {
	p := &plan{limit: questionTimeout}
	system := net.Resolver{PreferGo: true, Dial: p.dial}
	p.addresses, p.err = system.LookupNetIP(context.Background(), network, name)
	return p
}

// dial records each name server once.
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

// Write records each question once.
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

// Close does nothing.
func (*plan) Close() error { return nil }

// SetDeadline does nothing.
func (*plan) SetDeadline(time.Time) error { return nil }
