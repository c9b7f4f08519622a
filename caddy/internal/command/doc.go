// Package command is the command line `caddy doors`. Each subcommand is one file:
//
//	command.go   the subcommands together
//	keygen.go    nothing in, a new key out
//	keyid.go     a secret in, the identifiers of its keys out
//	encode.go    an address in, its token out
//	decode.go    a token in, its address out
//	explain.go   a configuration and a request in, what would happen out; explanation.go puts it into words
//	check.go     a configuration in, what is wrong with it and its pods out; probe.go asks a pod for a page
//	wait.go      a pod in, the end of its last request out
//	top.go       the state of a running Caddy in, a table out; table.go draws it
//
// Results go to standard output and nothing else does. Keys come from the environment, a file or standard input (secret.go),
// where a running Caddy is from the command line (replica.go), and exit.go says how a command ends. What the commands need of the
// Caddy module is passed in (source.go).
package command
