package proxy

import "net/netip"

// Program is a proxy that can be tested.
type Program interface {
	// write writes the configuration of the replica at an address into a folder. It returns the
	// arguments of the program.
	write(c Config, address netip.Addr, folder string) (arguments []string, err error)
	// ready reports whether a started replica serves.
	ready(r *Replica) bool
	// reload makes a replica use another secret, and waits until it does.
	reload(r *Replica, secret string) error
}

// evictor is a proxy that can evict pods.
type evictor interface {
	// evict evicts a pod at a rate of pages per second. It returns when the order has taken effect.
	evict(r *Replica, pod netip.Addr, rate int) error
	// undo ends the eviction, and returns how many pages were told to reload.
	undo(r *Replica, pod netip.Addr) (told int64, err error)
}

// Programs are the proxies by name.
var Programs = map[string]Program{"caddy": caddy{}, "pingora": pingora{}}
