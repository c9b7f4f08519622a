package proxy

// In:  the name of a proxy.
// Out: how it is started and told to load its configuration anew.

import "net/netip"

// Program is a proxy that can be tested.
type Program interface {
	// write writes the configuration of the replica at an address into a folder and returns the arguments of the program.
	write(c Config, address netip.Addr, folder string) (arguments []string, err error)
	// ready tells whether a replica that was started serves.
	ready(r *Replica) bool
	// reload makes a replica take another secret, and waits until it has.
	reload(r *Replica, secret string) error
}

// evictor is a proxy that ends pages on order.
type evictor interface {
	// evict lets the pages of a pod reload, so many in a second, and returns when the order has taken effect.
	evict(r *Replica, pod netip.Addr, rate int) error
	// undo takes that back, and returns how many pages it has told to reload.
	undo(r *Replica, pod netip.Addr) (told int64, err error)
}

// Programs are the proxies by name.
var Programs = map[string]Program{"caddy": caddy{}, "pingora": pingora{}}
