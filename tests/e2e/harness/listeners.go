package harness

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// settle waits until only the new configuration listens. On Linux both listen for a moment, each on
// its own socket (SO_REUSEPORT). When the old one closes, connections that it has not accepted are
// reset, with any Caddy.
func (c *Caddy) settle() {
	for limit := time.Now().Add(Patience); time.Now().Before(limit); time.Sleep(5 * time.Millisecond) {
		if listeners(c.Places.HTTP) <= 1 && listeners(c.Places.HTTPS) <= 1 {
			return
		}
	}
}

// listeners counts the TCP sockets that listen on a port, from the kernel's tables (proc(5),
// /proc/net/tcp).
func listeners(port int) (count int) {
	const listening = "0A"
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue // not Linux: there is no second socket
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) > 3 && fields[3] == listening && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				count++
			}
		}
	}
	return count
}
