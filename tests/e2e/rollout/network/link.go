// Package network makes machines from network namespaces. Each [Node] has its own network stack and
// addresses, and a link to every other node. Links delay packets, drop some of them, and can be
// cut.
//
// Use the package only in a separate namespace, as made by package blackhole. A node's device is a
// TUN interface. This process reads every packet that a node sends, and writes it to the device of
// the node with the destination address. It needs no bridge and no traffic control module of the
// kernel.
package network

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// Links describes all links of a network.
type Links struct {
	Delay time.Duration // one way
	Loss  float64       // share of dropped packets, from 0 to 1
}

// queueLength is how many packets may be on their way to a node. Further ones are dropped, as in a
// router.
const queueLength = 4096

// Network is a set of nodes. Except where noted, it is safe for concurrent use.
type Network struct {
	links Links

	mu        sync.RWMutex
	owners    map[netip.Addr]*Node
	swallowed map[netip.Addr]bool
	cuts      map[[2]*Node]bool
	nodes     []*Node
}

// New returns a network without nodes.
func New(links Links) *Network {
	return &Network{links: links, owners: map[netip.Addr]*Node{}, swallowed: map[netip.Addr]bool{}, cuts: map[[2]*Node]bool{}}
}

// Cut drops all packets between the two nodes, without notice to either.
func (n *Network) Cut(one, other *Node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cuts[[2]*Node{one, other}] = true
	n.cuts[[2]*Node{other, one}] = true
}

// Mend ends Cut.
func (n *Network) Mend(one, other *Node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.cuts, [2]*Node{one, other})
	delete(n.cuts, [2]*Node{other, one})
}

// Swallow drops all packets to the address. The error is always nil.
func (n *Network) Swallow(address netip.Addr) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.swallowed[address] = true
	return nil
}

// Spare ends Swallow. The error is always nil.
func (n *Network) Spare(address netip.Addr) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.swallowed, address)
	return nil
}

// Close removes all links and waits until no packet is on its way. Processes on the nodes lose
// their network.
func (n *Network) Close() error {
	n.mu.Lock()
	nodes := n.nodes
	n.nodes, n.owners = nil, map[netip.Addr]*Node{}
	n.mu.Unlock()
	for _, node := range nodes {
		node.close()
	}
	return nil
}

// packet is an IPv4 packet and its time of arrival.
type packet struct {
	data []byte
	due  time.Time
}

// The destination of an IPv4 packet is in bytes 16 to 19 of its header (RFC 791 section 3.1).
const (
	destination = 16
	headerSize  = 20
)

// send queues a packet from a node for its destination, or drops it.
func (n *Network) send(from *Node, data []byte) {
	if len(data) < headerSize || data[0]>>4 != 4 || rand.Float64() < n.links.Loss {
		return
	}
	to := netip.AddrFrom4([4]byte(data[destination : destination+4]))
	n.mu.RLock()
	defer n.mu.RUnlock()
	node := n.owners[to]
	if node == nil || n.swallowed[to] || n.cuts[[2]*Node{from, node}] {
		return
	}
	select {
	case node.arriving <- packet{append([]byte(nil), data...), time.Now().Add(n.links.Delay)}:
	default:
	}
}
