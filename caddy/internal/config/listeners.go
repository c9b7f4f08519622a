package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// listener is an address on which this Caddy listens.
type listener struct {
	name, text  string // "server NAME" or adminEndpoint; the address as configured
	first, last uint   // port range
	addresses   []netip.Addr
	everywhere  bool // on all addresses of this machine, and so on all of 127.0.0.0/8
}

const adminEndpoint = "the admin endpoint"

// interfaceAddrs is a variable so that tests can count its calls: they are slow.
var interfaceAddrs = net.InterfaceAddrs

// listenersOf returns the listeners of an app and that of the admin endpoint.
func listenersOf(ctx caddy.Context, app *caddyhttp.App) (all []listener) {
	local := sync.OnceValue(localAddresses)
	add := func(name, text string) {
		address, err := caddy.ParseNetworkAddress(text)
		if err != nil || address.IsUnixNetwork() {
			return // Caddy reports the parse error itself
		}
		one := listener{name: name, text: text, first: address.StartPort, last: address.EndPort}
		switch ip, err := netip.ParseAddr(address.Host); {
		case err == nil && !ip.IsUnspecified():
			one.addresses = []netip.Addr{ip.Unmap()}
		case address.Host == "localhost":
			one.addresses = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
		default:
			one.addresses, one.everywhere = local(), true
		}
		all = append(all, one)
	}
	for name, server := range app.Servers {
		for _, text := range server.Listen {
			add("server "+name, text)
		}
	}
	if text := adminAddress(ctx); text != "" {
		add(adminEndpoint, text)
	}
	return all
}

// localAddresses returns the addresses of all interfaces.
func localAddresses() (addresses []netip.Addr) {
	interfaces, _ := interfaceAddrs() // on error, check less rather than refuse to start
	for _, network := range interfaces {
		if prefix, err := netip.ParsePrefix(network.String()); err == nil {
			addresses = append(addresses, prefix.Addr())
		}
	}
	return addresses
}

// adminAddress returns the address of the admin endpoint in the configuration that is being loaded,
// or "" if it is disabled. Caddy has no function for it, so it is read from an unexported field of
// the context. TestAdminEndpoint checks that the field exists.
func adminAddress(ctx caddy.Context) string {
	field := reflect.ValueOf(ctx).FieldByName("cfg")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*caddy.Config]() || field.IsNil() {
		return ""
	}
	admin := (*caddy.Config)(field.UnsafePointer()).Admin
	if admin == nil {
		return caddy.DefaultAdminListen
	}
	if admin.Disabled {
		return ""
	}
	return cmp.Or(caddy.NewReplacer().ReplaceAll(admin.Listen, ""), caddy.DefaultAdminListen)
}

// takenFor says which upstream of a source could take the listener for one of its pods, and why. It
// returns "" if none could.
func (l listener) takenFor(source *Loaded) string {
	const reason = "upstreams[%d]: the %s %s and the port is %d, where %s of this Caddy listens (%s)"
	listens := func(port int) bool { return l.first <= uint(port) && uint(port) <= l.last }
	for _, address := range l.addresses {
		if i, found := source.Router.Lookup(address); found && listens(source.Ports[i]) {
			return fmt.Sprintf(reason, i, "network contains", address, source.Ports[i], l.name, l.text)
		}
	}
	for i, port := range source.Ports {
		if !listens(port) {
			continue
		}
		for _, host := range source.Hosts[i] {
			address, err := netip.ParseAddr(host)
			if err == nil && (slices.Contains(l.addresses, address.Unmap()) || l.everywhere && address.IsLoopback()) {
				return fmt.Sprintf(reason, i, "host is", address, port, l.name, l.text)
			}
		}
	}
	return ""
}
