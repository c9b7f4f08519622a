// In: the app that a source belongs to.
// Out: where this Caddy listens, and an error where a source could take it for a pod.

package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/go"
)

// listeners are those of all servers, by port: each source looks here, and each site may have a port of its own.
type listeners struct {
	byPort map[uint][]listener
	ranges []listener   // of more than one port
	local  []netip.Addr // of this machine; read only if a listener is at all of them
}

// listener is one address of a server.
type listener struct {
	server, text string // as configured
	first, last  uint
	address      netip.Addr // the zero value stands for all of this machine
}

// interfaceAddrs asks the system, which takes longer than all the rest.
var interfaceAddrs = net.InterfaceAddrs

// listenersOf reads the listeners of an app.
func listenersOf(app *caddyhttp.App) *listeners {
	l := &listeners{byPort: make(map[uint][]listener)}
	for name, server := range app.Servers {
		for _, text := range server.Listen {
			address, err := caddy.ParseNetworkAddress(text)
			if err != nil || address.IsUnixNetwork() {
				continue // Caddy itself reports the former
			}
			one := listener{server: name, text: text, first: address.StartPort, last: address.EndPort}
			if ip, err := netip.ParseAddr(address.Host); err == nil && !ip.IsUnspecified() {
				one.address = ip.Unmap()
			} else if l.local == nil {
				l.local = localAddresses()
			}
			if one.first == one.last {
				l.byPort[one.first] = append(l.byPort[one.first], one)
			} else {
				l.ranges = append(l.ranges, one)
			}
		}
	}
	return l
}

// localAddresses returns the addresses of all interfaces.
func localAddresses() []netip.Addr {
	addresses := []netip.Addr{}
	interfaces, _ := interfaceAddrs() // without them the check finds less, which is no reason to refuse to start
	for _, network := range interfaces {
		if prefix, err := netip.ParsePrefix(network.String()); err == nil {
			addresses = append(addresses, prefix.Addr())
		}
	}
	return addresses
}

// at returns the listeners of a port.
func (l *listeners) at(port uint16) []listener {
	found := l.byPort[uint(port)]
	for _, one := range l.ranges {
		if uint(port) >= one.first && uint(port) <= one.last {
			found = append(slices.Clip(found), one)
		}
	}
	return found
}

// addresses are those at which the listener can be reached.
func (l *listeners) addresses(one listener) []netip.Addr {
	if one.address.IsValid() {
		return []netip.Addr{one.address}
	}
	return l.local
}

// isAt tells whether who dials the address reaches the listener.
func (l *listeners) isAt(one listener, address netip.Addr) bool {
	everywhere := !one.address.IsValid()
	return slices.Contains(l.addresses(one), address) || everywhere && address.IsLoopback() // all of 127.0.0.0/8
}

// checkNotItself refuses a configuration in which a pod's address and port can be Caddy's own: a request would go round
// in circles.
func (l *listeners) checkNotItself(router *doors.Router) error {
	checked := make(map[uint16]bool)
	for i := range router.Upstreams() {
		name, port := router.Upstream(i)
		found := l.at(port)
		if len(found) == 0 {
			continue
		}
		if host, err := netip.ParseAddr(name); err == nil {
			for _, one := range found {
				if l.isAt(one, host) {
					return itself(i, "host is", host, port, one)
				}
			}
		}
		if checked[port] {
			continue
		}
		checked[port] = true
		for _, one := range found {
			for _, local := range l.addresses(one) {
				holder, ok := router.Lookup(local)
				if !ok {
					continue
				}
				if _, its := router.Upstream(holder); its == port {
					return itself(holder, "network holds", local, port, one)
				}
			}
		}
	}
	return nil
}

func itself(upstream int, what string, address netip.Addr, port uint16, one listener) error {
	return fmt.Errorf("upstreams[%d]: its %s %s and its port is %d, where server %s of this Caddy listens (%s): it would proxy to itself",
		upstream, what, address, port, one.server, one.text)
}
