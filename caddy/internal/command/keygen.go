// In: the size of a key.
// Out: a new key.

package command

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"
)

func keygen() *cobra.Command {
	cmd := subcommand("keygen [--bits <128|192|256>]", "Prints a new key", `
Prints a new AES key in base64, from the system's random source. It is what
'openssl rand -base64 32' prints: give it to the apps and to Caddy as the secret.
`, arguments(0), runKeygen)
	cmd.Flags().Int("bits", 256, "Size of the key: 128, 192 or 256")
	_ = cmd.RegisterFlagCompletionFunc("bits", cobra.FixedCompletions([]string{"128", "192", "256"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runKeygen(cmd *cobra.Command, _ []string) error {
	bits, err := cmd.Flags().GetInt("bits")
	if err != nil {
		return err
	}
	if bits != 128 && bits != 192 && bits != 256 {
		return fmt.Errorf("--bits %d: an AES key has 128, 192 or 256", bits)
	}
	key := make([]byte, bits/8)
	rand.Read(key) // never fails
	_, err = fmt.Fprintln(cmd.OutOrStdout(), base64.StdEncoding.EncodeToString(key))
	return err
}
