// In: --secret-file, standard input, the environment.
// Out: a secret, which is never repeated, and its cipher.

package command

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/doors-dev/doors-caddy/go"
	"github.com/spf13/cobra"
)

const (
	secretVariable = "DOORS_SECRET"
	secretFlag     = "secret-file"

	// maxSecret is more than eight keys take, in bytes.
	maxSecret = 64 << 10
)

// takesSecret gives a command the flag that says where its secret is.
func takesSecret(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().String(secretFlag, "", "File with the secret, - for standard input (default: the environment variable "+secretVariable+")")
	return cmd
}

// readSecret returns the secret that a command is to use.
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
		return "", fmt.Errorf("--%s: more than %d bytes are no secret", secretFlag, maxSecret)
	}
	return string(secret), nil
}

// readCipher makes a cipher of the secret that a command is to use.
func readCipher(cmd *cobra.Command) (cipher *doors.Cipher, secret string, err error) {
	if secret, err = readSecret(cmd); err != nil {
		return nil, "", err
	}
	if cipher, err = doors.NewCipher(secret); err != nil {
		return nil, "", fmt.Errorf("secret: %w", err)
	}
	return cipher, secret, nil
}
