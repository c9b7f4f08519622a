package site

import (
	"net/netip"

	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/blackhole"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// OneMachine puts everything on the loopback network. One replica serves, and there is an address
// for the next one. In a separate namespace, addresses can swallow packets; noNamespace says why
// this is not one.
func OneMachine(noNamespace error) (_ *Site, err error) {
	made := &Site{Block: fleet.Loopback, Serving: 1, NoHole: noNamespace}
	defer func() {
		if err != nil {
			_ = made.Close()
		}
	}()
	if noNamespace == nil {
		if err := blackhole.Up(); err != nil {
			return nil, err
		}
		if hole, err := blackhole.Open(); err == nil {
			made.Hole = hole
		} else {
			made.NoHole = err
		}
	}
	first, second := "127.0.0.1", "127.0.0.2"
	for _, address := range []string{first, second} {
		made.Proxies = append(made.Proxies, Place{Address: netip.MustParseAddr(address)})
	}
	if made.Names, err = nameserver.Start(first + ":0"); err != nil {
		return nil, err
	}
	for _, port := range []*int{&made.HTTP, &made.HTTPS} {
		if *port, err = freePort(first, second); err != nil {
			return nil, err
		}
	}
	made.PodPort, err = freePort("127.0.1.1", "127.0.1.2", "127.0.2.1")
	return made, err
}
