// Package inspect has the commands that look at a configuration.
//
//	explain.go     a configuration and a request in, what would happen out
//	check.go       a configuration in, what is wrong with it and its pods out
//	source.go      a configuration in, what the commands need of it out
//	load.go        the text of a configuration in, its sources, read or loaded, out; inspection.go asks a loaded one
package inspect

import "github.com/spf13/cobra"

// Commands are the commands of this package.
func Commands(module Module) []*cobra.Command {
	return []*cobra.Command{explain(module), check(module)}
}

// Caddy is the module of this Caddy.
var Caddy = Module{Sources: readSources, Load: loadSources}
