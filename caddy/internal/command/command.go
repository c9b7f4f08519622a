// Package command defines the command line `caddy doors`. None of it runs while Caddy serves. The
// subcommands are in packages beneath it: running for wait, status, top and evict, inspect for
// explain and check, keys for keygen, keyid, encode and decode. They share package cli.
package command

import (
	"slices"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/inspect"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/keys"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/running"
)

// New returns the command.
func New() caddycmd.Command { return newCommand(inspect.Caddy) }

func newCommand(module inspect.Module) caddycmd.Command {
	return cli.Doors(slices.Concat(keys.Commands(), inspect.Commands(module), running.Commands())...)
}
