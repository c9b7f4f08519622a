package running

import (
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
)

func runDoors(t *testing.T, args ...string) caddytest.Result {
	t.Helper()
	return caddytest.RunCommand(t, cli.Doors(Commands()...), "", args...)
}
