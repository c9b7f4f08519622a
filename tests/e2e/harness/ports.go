package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
)

// Ports are below the range from which systems choose ports for outgoing connections, so that none
// is taken between choice and use.
const (
	firstPort = 15000
	lastPort  = 32000
)

var ports = struct {
	sync.Mutex
	given map[int]bool
}{given: map[int]bool{}}

// Port returns a port that is free for TCP and UDP on all given addresses. It returns each port
// only once per process.
func Port(t testing.TB, addresses ...string) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range 200 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if !ports.given[port] && free(port, addresses) {
			ports.given[port] = true
			return port
		}
	}
	t.Fatalf("no port is free on all of %v", addresses)
	return 0
}

func free(port int, addresses []string) bool {
	// A process forked meanwhile would keep the sockets until it executes its program.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for _, address := range addresses {
		here := net.JoinHostPort(address, fmt.Sprint(port))
		stream, err := net.Listen("tcp", here)
		if err != nil {
			return false
		}
		defer stream.Close()
		datagram, err := net.ListenPacket("udp", here)
		if err != nil {
			return false
		}
		defer datagram.Close()
	}
	return true
}
