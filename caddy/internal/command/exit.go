// In: how a command went.
// Out: the code it exits with, and one line on standard error.

package command

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
	"github.com/spf13/cobra"
)

// Exit codes, as the help and README.md document them.
const (
	exitNo     = 1 // the question was answered: no
	exitCannot = 2 // it could not be answered
)

// no is the error of a command whose answer is no. Every other error means that there is no answer.
type no struct{ message string }

// Error returns the message.
func (n no) Error() string { return n.message }

func answerNo(format string, values ...any) error { return no{fmt.Sprintf(format, values...)} }

// end turns the outcome of a command into its exit code.
func end(cmd *cobra.Command, err error) error {
	var answer no
	if err == nil || errors.As(err, &answer) {
		return err // Caddy prints it, and exits with exitNo
	}
	return cannot(cmd, err)
}

// cannot prints the error, without a key that stands in a wrong place of the command line, and makes Caddy exit with exitCannot. Versions of Caddy differ in how they print errors of codes above
// 1, so that Caddy does not get to see it.
func cannot(cmd *cobra.Command, err error) error {
	cmd.PrintErrln(cmd.ErrPrefix(), redact.Error(err, os.Args[1:]))
	cmd.SilenceErrors = true
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return exitCannot, nil })(cmd, nil)
}

// arguments is for commands with that many arguments. Its error does not repeat them: a secret in the wrong place is still a secret.
func arguments(number int) cobra.PositionalArgs {
	return func(_ *cobra.Command, values []string) error {
		if len(values) != number {
			return fmt.Errorf("%s, not %d", count(number, "argument"), len(values))
		}
		return nil
	}
}

// shown is an argument as an error repeats it: not if it is so long that it could be a key.
func shown(argument string) string {
	if len(argument) > 20 && !strings.ContainsAny(argument, ".:") {
		return "the argument"
	}
	return strconv.Quote(argument)
}

// usage makes wrong arguments end a command with exitCannot.
func usage(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, values []string) error {
		if err := args(cmd, values); err != nil {
			return cannot(cmd, err)
		}
		return nil
	}
}
