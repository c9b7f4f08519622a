package site

import (
	"fmt"
	"net"
	"sync"
	"syscall"
)

// given are the ports that freePort has returned. Caddy does not notice if another Caddy listens on
// the same port.
var given sync.Map

// freePort returns a TCP port that is free on all addresses. It returns each port only once.
func freePort(addresses ...string) (port int, err error) {
	for range 50 {
		if port, err = common(addresses); err != nil {
			continue
		}
		if _, taken := given.LoadOrStore(port, true); !taken {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no port is free on %v: %w", addresses, err)
}

func common(addresses []string) (port int, err error) {
	// A process forked meanwhile would keep the sockets until it executes its program.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for _, address := range addresses {
		listener, err := net.Listen("tcp", net.JoinHostPort(address, fmt.Sprint(port)))
		if err != nil {
			return 0, err
		}
		defer listener.Close()
		port = listener.Addr().(*net.TCPAddr).Port
	}
	return port, nil
}
