package site

import (
	"net/netip"
	"slices"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/network"
)

const (
	proxyNodes = 3
	podNodes   = 3

	httpPort, httpsPort, adminPort, podPort, dnsPort = 80, 443, 2019, 8080, 53

	// cacheTTL is the TTL of the cache on each replica's node.
	cacheTTL = 2 * time.Second
)

var (
	visitorAddress = netip.MustParseAddr("10.0.0.1")
	namesAddress   = netip.MustParseAddr("10.0.0.2")
)

// Nodes are machines with links between them. The visitors are on this program's own node.
type Nodes struct {
	network         *network.Network
	visitors, names *network.Node
	proxies         []*network.Node
	Pods            []*network.Node
}

// OnNodes puts the visitors, the name server, each replica and the pods on separate nodes. All
// replicas serve. The calling goroutine must be locked to its thread, in a separate network
// namespace.
func OnNodes(links network.Links) (_ *Site, err error) {
	n := &Nodes{network: network.New(links)}
	made := &Site{
		HTTP: httpPort, HTTPS: httpsPort, PodPort: podPort, Block: fleet.Block{10, 1}, CacheTTL: cacheTTL,
		Serving: proxyNodes, Hole: n.network, Nodes: n,
	}
	defer func() {
		if err != nil {
			_ = made.Close()
		}
	}()
	if n.visitors, err = n.network.Here(visitorAddress); err != nil {
		return nil, err
	}
	if n.names, err = n.network.Add(namesAddress); err != nil {
		return nil, err
	}
	for number := range byte(proxyNodes) {
		address := netip.AddrFrom4([4]byte{10, 0, 1, number + 1})
		node, err := n.network.Add(address)
		if err != nil {
			return nil, err
		}
		n.proxies = append(n.proxies, node)
		made.Proxies = append(made.Proxies, Place{address, node})
	}
	for number := range byte(podNodes) {
		node, err := n.network.Add(netip.AddrFrom4([4]byte{10, 0, 2, number + 1}))
		if err != nil {
			return nil, err
		}
		n.Pods = append(n.Pods, node)
	}
	err = n.names.Do(func() (err error) {
		made.Names, err = nameserver.Start(netip.AddrPortFrom(namesAddress, dnsPort).String())
		return err
	})
	if err == nil {
		made.Names.Cache(cacheTTL)
	}
	return made, err
}

// Pod returns the node of a pod. The pods of an upstream are spread over all nodes.
func (n *Nodes) Pod(address netip.Addr) *network.Node {
	bytes := address.As4()
	return n.Pods[int(bytes[3])%len(n.Pods)]
}

// Cut cuts the links between a node and others, until mend is called.
func (n *Nodes) Cut(one *network.Node, others []*network.Node) (mend func()) {
	for _, other := range others {
		n.network.Cut(one, other)
	}
	return func() {
		for _, other := range others {
			n.network.Mend(one, other)
		}
	}
}

// Others returns all nodes except one.
func (n *Nodes) Others(one *network.Node) []*network.Node {
	all := slices.Concat([]*network.Node{n.visitors, n.names}, n.Pods, n.proxies)
	return slices.DeleteFunc(all, func(other *network.Node) bool { return other == one })
}
