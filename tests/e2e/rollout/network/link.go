// Package network makes machines out of network namespaces. Each [Node] has its own network stack, its own addresses and one
// link to every other node. The links delay packets, drop some of them, and can be cut.
//
// The package may be used in a namespace of the test's own only; package blackhole makes one. A node's device is a TUN
// interface. This process reads every packet that the node sends and writes it to the device of the node that has the
// destination address. It needs neither a bridge nor a traffic control module of the kernel.
package network

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// Links describes all links of a network.
type Links struct {
	Delay time.Duration // from one node to another, one way
	Loss  float64       // the share of packets that are dropped, from 0 to 1
}

// queueLength is how many packets may be on their way to a node. More are dropped, as a router does.
const queueLength = 4096

// Network is a set of nodes. Its methods may be called from any goroutine, except where they say otherwise.
type Network struct {
	links Links

	mu        sync.RWMutex
	owners    map[netip.Addr]*Node
	swallowed map[netip.Addr]bool
	cuts      map[[2]*Node]bool
	nodes     []*Node
}

// New has no nodes yet.
func New(links Links) *Network {
	return &Network{links: links, owners: map[netip.Addr]*Node{}, swallowed: map[netip.Addr]bool{}, cuts: map[[2]*Node]bool{}}
}

// Cut drops every packet between the two nodes from now on. Neither side is told.
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

// Swallow drops every packet to the address from now on. The error is always nil.
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

// Close removes the links of all nodes and waits until no packet is on its way. Processes on the nodes go on without a network.
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

// packet is an IPv4 packet and the time at which it arrives.
type packet struct {
	data []byte
	due  time.Time
}

// IPv4 has the destination in bytes 16 to 19 of the header (RFC 791 section 3.1).
const (
	destination = 16
	headerSize  = 20
)

// send puts a packet that a node has sent into the queue of the node it is for, or drops it.
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
