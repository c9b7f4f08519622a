package keys

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/routing"
	"github.com/spf13/cobra"
)

func encode() *cobra.Command {
	return takesSecret(cli.Subcommand("encode <ip> [--secret-file <path>]", "Prints a token of a pod's address", `
Prints a new token of the address, made with the first key of the secret, as an
app with that address would. Each call prints a different one, and all are valid.
`, `
caddy doors encode 10.0.0.7
caddy doors encode 10.0.0.7 --secret-file secret.txt
`, cli.Arguments(1), runEncode))
}

func runEncode(cmd *cobra.Command, args []string) error {
	address, err := netip.ParseAddr(args[0])
	if err != nil {
		return fmt.Errorf("%s is not an IP address", cli.Shown(args[0]))
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

func decode() *cobra.Command {
	cmd := takesSecret(cli.Subcommand("decode <token> [--secret-file <path>]", "Prints the address in a token", `
Prints the address in the token, and the position (from 0) and identifier of the
key that opened it:

	10.0.0.7 key 0 (1f0c5a9e)

Exits with 1 when no key opens the token.
`, `
caddy doors decode "$token" --secret-file secret.txt
`, cobra.ArbitraryArgs, runDecode))
	cmd.DisableFlagParsing = true // one token in 64 begins with a dash
	return cmd
}

// parseDecode separates the token from the flags.
func parseDecode(cmd *cobra.Command, args []string) (token string, help bool, err error) {
	var flags, tokens []string
	for i := 0; i < len(args); i++ {
		name, _, hasValue := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--":
			tokens = append(tokens, args[i+1:]...)
			i = len(args)
		case name == "--"+secretFlag && !hasValue && i+1 < len(args):
			flags = append(flags, args[i], args[i+1])
			i++
		case name == "--"+secretFlag, args[i] == "-h", args[i] == "--help":
			flags = append(flags, args[i])
		default:
			tokens = append(tokens, args[i])
		}
	}
	if err := cmd.Flags().Parse(flags); err != nil {
		return "", false, err
	}
	if help, err = cmd.Flags().GetBool("help"); help || err != nil {
		return "", help, err
	}
	if len(tokens) != 1 { // not shown: a token in the wrong place is still a token
		return "", false, fmt.Errorf("expected 1 token, got %d", len(tokens))
	}
	return tokens[0], false, nil
}

func runDecode(cmd *cobra.Command, args []string) error {
	token, help, err := parseDecode(cmd, args)
	if err != nil {
		return err
	}
	if help {
		return cmd.Help()
	}
	cipher, secret, err := readCipher(cmd)
	if err != nil {
		return err
	}
	address, err := cipher.Decode(token)
	if err != nil {
		return cli.No("%v", err) // describes the fault without showing the token
	}
	key, err := openedBy(secret, token, address)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), address, Name(key, cipher.KeyIDs()))
	return err
}

// openedBy returns the index of the first key that opens the token.
func openedBy(secret, token string, address netip.Addr) (int, error) {
	for i, key := range strings.Fields(secret) {
		cipher, err := routing.NewCipher(key)
		if err != nil {
			return 0, err
		}
		if opened, err := cipher.Decode(token); err == nil && opened == address {
			return i, nil
		}
	}
	return 0, fmt.Errorf("internal error: no single key opens the token")
}

// Name names a key by its index and identifier.
func Name(key int, ids []string) string {
	if key < 0 || key >= len(ids) {
		return fmt.Sprintf("key %d", key)
	}
	return fmt.Sprintf("key %d (%s)", key, ids[key])
}
