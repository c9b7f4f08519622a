package keys

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/routing"
	"github.com/spf13/cobra"
)

func keygen() *cobra.Command {
	cmd := cli.Subcommand("keygen [--bits <128|192|256>]", "Prints a new key", `
Prints a new AES key in base64, as 'openssl rand -base64 32' does. Give it to the
apps and to Caddy as the secret.
`, `
caddy doors keygen
caddy doors keygen > secret.txt
`, cli.Arguments(0), runKeygen)
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
		return fmt.Errorf("--bits %d: write 128, 192 or 256", bits)
	}
	key := make([]byte, bits/8)
	rand.Read(key) // never fails
	_, err = fmt.Fprintln(cmd.OutOrStdout(), base64.StdEncoding.EncodeToString(key))
	return err
}

func keyid() *cobra.Command {
	return takesSecret(cli.Subcommand("keyid [--secret-file <path>]", "Prints the identifiers of the keys of a secret", `
Prints the identifier of each key of the secret, in order, one per line. The first
key encrypts. An identifier has 8 hexadecimal digits and reveals nothing about the
key. Compare it with KeyIDs() in the app, and with Caddy's logs, metrics and state.
`, `
DOORS_SECRET="$(cat secret.txt)" caddy doors keyid
caddy doors keyid --secret-file secret.txt
`, cli.Arguments(0), runKeyid))
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

const (
	secretVariable = "DOORS_SECRET"
	secretFlag     = "secret-file"

	// maxSecret is larger than any valid secret, in bytes.
	maxSecret = 64 << 10
)

// takesSecret adds the flag that names the secret to a command.
func takesSecret(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().String(secretFlag, "", "File with the secret, - for standard input (default: the environment variable "+secretVariable+")")
	return cmd
}

// readSecret returns the command's secret.
func readSecret(cmd *cobra.Command) (string, error) {
	path, err := cmd.Flags().GetString(secretFlag)
	if err != nil {
		return "", err
	}
	var input io.Reader
	switch path {
	case "":
		secret, ok := os.LookupEnv(secretVariable)
		if !ok {
			return "", errors.New("no secret: set the environment variable " + secretVariable + ", or name a file with --" + secretFlag)
		}
		return secret, nil
	case "-":
		input = cmd.InOrStdin()
	default:
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("--%s: %w", secretFlag, err)
		}
		defer file.Close()
		input = file
	}
	secret, err := io.ReadAll(io.LimitReader(input, maxSecret+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("--%s: %w", secretFlag, err)
	case len(secret) > maxSecret:
		return "", fmt.Errorf("--%s: too large for a secret: the limit is %d bytes", secretFlag, maxSecret)
	}
	return string(secret), nil
}

// readCipher returns a cipher for the command's secret.
func readCipher(cmd *cobra.Command) (cipher *routing.Cipher, secret string, err error) {
	if secret, err = readSecret(cmd); err != nil {
		return nil, "", err
	}
	if cipher, err = routing.NewCipher(secret); err != nil {
		return nil, "", fmt.Errorf("secret: %w", err)
	}
	return cipher, secret, nil
}
