package harness

import (
	"crypto/rand"
	"encoding/base64"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/demo/pod"
)

// NewSecret returns a random AES key of 16, 24 or 32 bytes in base64.
func NewSecret(bytes int) string {
	key := make([]byte, bytes)
	rand.Read(key)
	return base64.StdEncoding.EncodeToString(key)
}

// Token encrypts an address with the first key of the secret.
func Token(t testing.TB, secret, address string) string {
	t.Helper()
	cipher, err := doorscaddy.NewTokenCipher(secret)
	check(t, err)
	parsed, err := netip.ParseAddr(address)
	check(t, err)
	return cipher.Encode(parsed)
}

// Cluster is a set of pods that share a secret and a port.
type Cluster struct {
	Secret string
	Port   int

	t    testing.TB
	base pod.Config

	mu   sync.Mutex
	pods map[string]*Pod
}

// Pod is a stand-in Doors pod that records what it sees.
type Pod struct {
	*pod.Pod
	IP string

	mu     sync.Mutex
	events []pod.Event
	news   chan struct{} // closed and replaced at every event
}

// NewCluster starts a pod on each address. base has the settings that differ from the defaults of
// Doors, such as a shorter roll.
func NewCluster(t testing.TB, base pod.Config, addresses ...string) *Cluster {
	t.Helper()
	return NewClusterAt(t, base, Port(t, addresses...), addresses...)
}

// NewClusterAt is like NewCluster with a given free port.
func NewClusterAt(t testing.TB, base pod.Config, port int, addresses ...string) *Cluster {
	t.Helper()
	if base.Secret == "" {
		base.Secret = NewSecret(32)
	}
	cluster := &Cluster{Secret: base.Secret, Port: port, t: t, base: base, pods: map[string]*Pod{}}
	for _, address := range addresses {
		cluster.StartPod(address)
	}
	return cluster
}

// StartPod starts a pod, or restarts one that was killed.
func (c *Cluster) StartPod(address string) *Pod {
	c.t.Helper()
	started := &Pod{IP: address}
	config := c.base
	config.Name = address
	config.Address = netip.AddrPortFrom(netip.MustParseAddr(address), uint16(c.Port))
	config.Observe = started.remember
	var err error
	started.Pod, err = pod.Start(config)
	check(c.t, err)
	c.t.Cleanup(started.Kill)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pods[address] = started
	return started
}

// T returns the test of the cluster.
func (c *Cluster) T() testing.TB { return c.t }

// Pod returns the pod at an address.
func (c *Cluster) Pod(address string) *Pod {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pods[address]
}

// Token returns a new token for any address.
func (c *Cluster) Token(address string) string {
	c.t.Helper()
	return Token(c.t, c.Secret, address)
}

// Upstream returns an `upstream` block for the cluster.
func (c *Cluster) Upstream(cidr, host string) Upstream {
	return Upstream{CIDR: cidr, Host: host, Port: c.Port}
}

// Saw returns the addresses of the pods that got a request with this URI, once for each request,
// sorted.
func (c *Cluster) Saw(uri string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var saw []string
	for address, one := range c.pods {
		for range one.Requests(uri) {
			saw = append(saw, address)
		}
	}
	slices.Sort(saw)
	return saw
}

func (p *Pod) remember(event pod.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, event)
	if p.news != nil {
		close(p.news)
		p.news = nil
	}
}

// Requests returns the requests with this URI.
func (p *Pod) Requests(uri string) []*pod.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []*pod.Request
	for _, event := range p.events {
		if event.Kind == pod.RequestBegan && event.Request.URI == uri {
			found = append(found, event.Request)
		}
	}
	return found
}

// Wait waits for an event, and fails the test if it does not happen.
func (p *Pod) Wait(t testing.TB, what string, match func(pod.Event) bool) pod.Event {
	t.Helper()
	limit := time.After(Patience)
	for {
		p.mu.Lock()
		index := slices.IndexFunc(p.events, match)
		if index >= 0 {
			event := p.events[index]
			p.mu.Unlock()
			return event
		}
		if p.news == nil {
			p.news = make(chan struct{})
		}
		news := p.news
		p.mu.Unlock()
		select {
		case <-news:
		case <-limit:
			t.Fatalf("pod %s never saw: %s", p.IP, what)
		}
	}
}

// Dials returns how many connections the pod has accepted.
func (p *Pod) Dials() uint64 { return p.Stats().Connections }
