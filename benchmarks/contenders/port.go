package contenders

// In:  nothing.
// Out: a port that is free.

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// FreePort finds a TCP port of 127.0.0.1 below those that systems give to outgoing connections, of which there are many here.
func FreePort() (int, error) {
	// A process that is forked meanwhile would keep the socket until it executes its program.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var failures error
	for range 50 {
		port := 15000 + rand.IntN(17000)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, listener.Close()
		}
		failures = errors.Join(failures, err)
	}
	return 0, failures
}
