// Package inspect has the commands that examine a configuration: explain and check. They read or
// provision it in a process of their own and serve no requests.
//
// Beneath it are packages cli, proxy, config, dns and redact.
package inspect

import "github.com/spf13/cobra"

// Commands returns the commands of this package.
func Commands(module Module) []*cobra.Command {
	return []*cobra.Command{explain(module), check(module)}
}

// Caddy reads and loads configurations with the modules of this program.
var Caddy = Module{Sources: readSources, Load: loadSources}
