package harness

import (
	"fmt"
	"net"
	"testing"
)

// Port finds a port that is free for TCP and UDP on all the given addresses.
func Port(t testing.TB, addresses ...string) int {
	t.Helper()
	for range 50 {
		if port, ok := commonPort(addresses); ok {
			return port
		}
	}
	t.Fatalf("no port is free on all of %v", addresses)
	return 0
}

func commonPort(addresses []string) (port int, ok bool) {
	for _, address := range addresses {
		stream, err := net.Listen("tcp", net.JoinHostPort(address, fmt.Sprint(port)))
		if err != nil {
			return 0, false
		}
		defer stream.Close()
		port = stream.Addr().(*net.TCPAddr).Port
		datagram, err := net.ListenPacket("udp", net.JoinHostPort(address, fmt.Sprint(port)))
		if err != nil {
			return 0, false
		}
		defer datagram.Close()
	}
	return port, true
}
