// Package site decides where the parts of a run are: all on this machine, or on separate nodes.
package site

import (
	"errors"
	"net/netip"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/network"
)

// Site has the addresses and ports of a run.
type Site struct {
	HTTP, HTTPS, PodPort int
	Block                fleet.Block
	Names                *nameserver.Server
	// CacheTTL is how long each replica caches an answer of Names.
	CacheTTL time.Duration
	// Proxies are the places for replicas of the proxy. Serving is how many of them serve at the
	// same time.
	Proxies []Place
	Serving int
	// Hole makes addresses swallow packets. If it is nil, NoHole says why.
	Hole   Hole
	NoHole error
	// Nodes is nil if everything is on this machine.
	Nodes *Nodes
}

// Hole makes addresses swallow packets.
type Hole interface {
	Swallow(address netip.Addr) error
	Spare(address netip.Addr) error
	Close() error
}

// Place is where a replica of the proxy runs.
type Place struct {
	Address netip.Addr
	Node    *network.Node // nil for this machine
}

// Do calls do at the place. The calling goroutine must be locked to its thread.
func (p Place) Do(do func() error) error {
	if p.Node == nil {
		return do()
	}
	return p.Node.Do(do)
}

// AdminPort returns a free port for the admin API of another replica.
func (s *Site) AdminPort() (int, error) {
	if s.Nodes != nil {
		return adminPort, nil
	}
	return freePort("127.0.0.1")
}

// StartPod runs start where a pod with this address belongs. The calling goroutine must be locked
// to its thread.
func (s *Site) StartPod(address netip.Addr, start func() error) error {
	if s.Nodes == nil {
		return start()
	}
	node := s.Nodes.Pod(address)
	if err := node.Own(address); err != nil {
		return err
	}
	return node.Do(start)
}

// Close stops the name server and removes the network.
func (s *Site) Close() error {
	var problems []error
	if s.Names != nil {
		problems = append(problems, s.Names.Close())
	}
	if s.Hole != nil {
		problems = append(problems, s.Hole.Close())
	}
	return errors.Join(problems...)
}
