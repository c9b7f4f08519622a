package contenders

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// FreePort returns a free TCP port of 127.0.0.1, below those that systems use for outgoing
// connections: here there are many of them.
func FreePort() (int, error) {
	// A process forked meanwhile would keep the socket until it executes its program.
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
