// In: a secret.
// Out: the identifier of each of its keys.

package command

import (
	"fmt"

	"github.com/spf13/cobra"
)

func keyid() *cobra.Command {
	return takesSecret(subcommand("keyid [--secret-file <path>]", "Prints the identifiers of the keys of a secret", `
Prints the identifier of each key of the secret, one a line, in order. The first
key encrypts. An identifier is 8 hexadecimal digits that tell nothing about the
key; the app's KeyIDs() and Caddy's logs, metrics and state name keys by it, so
that both sides can be compared.
`, arguments(0), runKeyid))
}

func runKeyid(cmd *cobra.Command, _ []string) error {
	cipher, _, err := readCipher(cmd)
	if err != nil {
		return err
	}
	for _, id := range cipher.KeyIDs() {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), id); err != nil {
			return err
		}
	}
	return nil
}
