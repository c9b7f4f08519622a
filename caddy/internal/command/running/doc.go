// Package running has the commands that ask a running Caddy, or all of its replicas, and tell them to evict pods.
//
//	wait.go     a pod in, the end of its last request out; nothing in, the end of all drains out
//	waiter.go   a question in, the moment at which all replicas have said yes out
//	top.go      the state of a running Caddy in, a line or a table out; table.go draws it
//	evict.go    pods in, their pages told to reload out
//	replica.go  where a running Caddy is, from the command line
package running

import "github.com/spf13/cobra"

// Commands are the commands of this package.
func Commands() []*cobra.Command { return []*cobra.Command{wait(), statusOf(), top(), evict()} }
