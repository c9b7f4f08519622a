// Package running has the commands that talk to a running Caddy, or to all of its replicas: wait,
// status, top and evict. They use the admin API or a site with doors_status.
//
// Beneath it are packages cli, show/status and redact.
package running

import "github.com/spf13/cobra"

// Commands returns the commands of this package.
func Commands() []*cobra.Command { return []*cobra.Command{wait(), statusOf(), top(), evict()} }
