// Package keys has the commands that need a secret and nothing else. Keys come from the environment, a file or standard input.
//
//	keys.go   keygen: nothing in, a new key out; keyid: a secret in, the identifiers of its keys out
//	token.go  encode: an address in, its token out; decode: a token in, its address out
package keys

import "github.com/spf13/cobra"

// Commands are the commands of this package.
func Commands() []*cobra.Command { return []*cobra.Command{keygen(), keyid(), encode(), decode()} }
