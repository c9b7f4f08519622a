// In: a secret and an address.
// Out: a token of the address.

package command

import (
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"
)

func encode() *cobra.Command {
	return takesSecret(subcommand("encode <ip> [--secret-file <path>]", "Prints a token of a pod's address", `
Prints a new token of the address, made with the first key of the secret, as an
app with that address would. Every call prints another one; all are good.
`, arguments(1), runEncode))
}

func runEncode(cmd *cobra.Command, args []string) error {
	address, err := netip.ParseAddr(args[0])
	if err != nil {
		return fmt.Errorf("%s is no IP address", shown(args[0]))
	}
	cipher, _, err := readCipher(cmd)
	if err != nil {
		return err
	}
	token, err := cipher.Encode(address)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
	return err
}
