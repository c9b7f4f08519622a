package running

import (
	"net"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
)

// If nothing listens at the address, the error says what to check.
func TestConnectionRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	const check = "check that Caddy is running, and that --address is its admin endpoint"
	for _, where := range []string{address, "unix/" + t.TempDir() + "/none"} {
		runDoors(t, "status", "--address", where).Wants(t, cli.ExitCannot, check)
	}
}
