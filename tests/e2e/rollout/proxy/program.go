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

// Programs are the proxies by name.
var Programs = map[string]Program{"caddy": caddy{}, "pingora": pingora{}}
