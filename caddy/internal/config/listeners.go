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

// listener is one address of a server.
type listener struct {
	server, text string // as configured
	first, last  uint   // ports
	addresses    []netip.Addr
	everywhere   bool // at all addresses of this machine, and so at all of 127.0.0.0/8
}

// interfaceAddrs asks the system, which takes longer than all the rest.
var interfaceAddrs = net.InterfaceAddrs

// listenersOf reads the listeners of an app.
func listenersOf(app *caddyhttp.App) (all []listener) {
	var local []netip.Addr // of all interfaces
	for name, server := range app.Servers {
		for _, text := range server.Listen {
			address, err := caddy.ParseNetworkAddress(text)
			if err != nil || address.IsUnixNetwork() {
				continue // Caddy itself reports the former
			}
			one := listener{server: name, text: text, first: address.StartPort, last: address.EndPort}
			if ip, err := netip.ParseAddr(address.Host); err == nil && !ip.IsUnspecified() {
				one.addresses = []netip.Addr{ip.Unmap()}
			} else {
				if local == nil {
					local = localAddresses()
				}
				one.addresses, one.everywhere = local, true
			}
			all = append(all, one)
		}
	}
	return all
}

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

func (l listener) hasPort(port uint16) bool { return l.first <= uint(port) && uint(port) <= l.last }

// reachedAt tells whether who dials the address and port reaches the listener.
func (l listener) reachedAt(address netip.Addr, port uint16) bool {
	return l.hasPort(port) && (slices.Contains(l.addresses, address) || l.everywhere && address.IsLoopback())
}

// checkNotItself refuses a configuration in which a pod's address and port can be Caddy's own: a request would go round
// in circles.
func checkNotItself(listeners []listener, router *doors.Router) error {
	itself := func(upstream int, what string, address netip.Addr, port uint16, at listener) error {
		return fmt.Errorf("upstreams[%d]: its %s %s and its port is %d, where server %s of this Caddy listens (%s): it would proxy to itself",
			upstream, what, address, port, at.server, at.text)
	}
	for _, one := range listeners {
		for _, address := range one.addresses {
			if i, ok := router.Lookup(address); ok {
				if _, port := router.Upstream(i); one.hasPort(port) {
					return itself(i, "network holds", address, port, one)
				}
			}
		}
	}
	for i := range router.Upstreams() {
		host, port := router.Upstream(i)
		address, err := netip.ParseAddr(host)
		at := slices.IndexFunc(listeners, func(l listener) bool { return err == nil && l.reachedAt(address, port) })
		if at >= 0 {
			return itself(i, "host is", address, port, listeners[at])
		}
	}
	return nil
}
