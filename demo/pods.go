package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

// pods are the upstreams of the demo: two releases behind one host, and a second upstream.
type pods struct {
	old, fresh, other *pod.Pod
}

func (p *pods) all() []*pod.Pod { return []*pod.Pod{p.old, p.fresh, p.other} }

// startPods starts the three pods. 127.0.1.2 is the release before the one
// that the host of its upstream names now.
func startPods(secret string, port uint16, screen *screen) (*pods, error) {
	started := &pods{}
	for _, one := range []struct {
		place                     **pod.Pod
		address, name, generation string
	}{
		{&started.fresh, "127.0.1.1", "first upstream", "2"},
		{&started.old, "127.0.1.2", "first upstream", "1"},
		{&started.other, "127.0.2.1", "second upstream", "1"},
	} {
		address := netip.AddrPortFrom(netip.MustParseAddr(one.address), port)
		running, err := pod.Start(pod.Config{
			Secret: secret, Address: address, Name: one.name, Generation: one.generation,
			Delay: 2 * time.Second, Observe: func(event pod.Event) { screen.podEvent(address.Addr(), event) },
		})
		if err != nil {
			started.kill()
			if errors.Is(err, syscall.EADDRINUSE) {
				return nil, busy(address, "-pod-port")
			}
			return nil, err
		}
		*one.place = running
	}
	return started, nil
}

func (p *pods) kill() {
	for _, one := range p.all() {
		if one != nil {
			one.Kill()
		}
	}
}

// rollOut lets the old pod drain and end, as a rolling deployment does.
func (p *pods) rollOut(ctx context.Context, after time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(after):
		_ = p.old.DrainAndStop(ctx) // fails only when the demo ends meanwhile
	}
}

// checkFree fails when something else listens already.
func checkFree(address netip.AddrPort, option string) error {
	listener, err := net.Listen("tcp", address.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		return busy(address, option)
	}
	if err != nil {
		return err
	}
	return listener.Close()
}

func busy(address netip.AddrPort, option string) error {
	return fmt.Errorf("%s is in use by another program: end that one, or choose another port with %s", address, option)
}
