//go:build !linux

package network

import (
	"errors"
	"net/netip"
)

var errLinux = errors.New("network namespaces exist on Linux only")

// Node cannot be made on this system.
type Node struct{ arriving chan packet }

// Here fails.
func (*Network) Here(netip.Addr) (*Node, error) { return nil, errLinux }

// Add fails.
func (*Network) Add(netip.Addr) (*Node, error) { return nil, errLinux }

// Own fails.
func (*Node) Own(netip.Addr) error { return errLinux }

// Do fails.
func (*Node) Do(func() error) error { return errLinux }

func (*Node) close() {}
