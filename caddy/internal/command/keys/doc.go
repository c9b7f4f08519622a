// Package keys has the commands that need only a secret: keygen, keyid, encode and decode. The
// secret comes from the environment, a file or standard input, never from an argument.
//
// Beneath it are packages cli, redact and routing.
package keys

import "github.com/spf13/cobra"

// Commands returns the commands of this package.
func Commands() []*cobra.Command { return []*cobra.Command{keygen(), keyid(), encode(), decode()} }
