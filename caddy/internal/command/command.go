// Package command is the command line `caddy doors`. Nothing here runs while Caddy serves.
//
//	command.go  the subcommands together
//	running     running Caddys in, what they know or are to do out: wait, status, top
//	inspect     a configuration in, what it would do or what is wrong with it out: explain, check
//	keys        a secret in, keys and tokens out: keygen, keyid, encode, decode
//	cli         what the subcommands have in common
//
// Each of them may import those beneath it.
package command

import (
	"slices"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/inspect"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/keys"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/running"
)

// New makes the command.
func New() caddycmd.Command { return newCommand(inspect.Caddy) }

func newCommand(module inspect.Module) caddycmd.Command {
	return cli.Doors(slices.Concat(keys.Commands(), inspect.Commands(module), running.Commands())...)
}
