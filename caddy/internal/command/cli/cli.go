// Package cli has what the subcommands of `caddy doors` share: how they are defined, how arguments
// are checked, and how they exit.
//
// A command exits with a code and at most one line on standard error. Only results go to standard
// output.
package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Doors returns the command `caddy doors` with its subcommands.
func Doors(subcommands ...*cobra.Command) caddycmd.Command {
	return caddycmd.Command{
		Name:  "doors",
		Usage: "<command>",
		Short: "Keys, tokens and routing of Doors apps",
		Long: `
Makes keys and tokens, explains where a request goes and why, checks a
configuration against its pods, and watches a running Caddy.

Results go to standard output, everything else to standard error. A secret is
never an argument: it comes from the file named by --secret-file, from standard
input with --secret-file -, or from the environment variable DOORS_SECRET.

Exit codes of all subcommands:

	0  done, or all is well
	1  the answer is no: no key opens the token, a finding, the time is up
	2  there is no answer: wrong usage, or a file or service is out of reach
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = usage(unknownCommand)
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			cmd.SetFlagErrorFunc(flagError)
			cmd.AddCommand(subcommands...)
		},
	}
}

// unknownCommand returns an error if there are arguments: the first should have been a subcommand.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	names := make([]string, len(cmd.Commands()))
	for i, subcommand := range cmd.Commands() {
		names[i] = subcommand.Name()
	}
	return unknown("unknown command "+Shown(args[0]), args[0], names, "see 'caddy doors --help'")
}

// flagError ends a command with an error of its flags.
func flagError(cmd *cobra.Command, err error) error {
	if missing := (*pflag.NotExistError)(nil); errors.As(err, &missing) {
		var names []string
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, "--"+flag.Name) })
		err = unknown(err.Error(), "--"+missing.GetSpecifiedName(), names, "see 'caddy doors "+cmd.Name()+" --help'")
	}
	return cannot(cmd, err)
}

// unknown returns an error that asks whether a similar name was meant, or else gives a hint.
func unknown(message, name string, known []string, hint string) error {
	return errors.New(message + "; " + cmp.Or(config.DidYouMean(name, known), hint))
}

// Subcommand returns a subcommand. The indentation of long in the source is removed.
func Subcommand(use, short, long, examples string, args cobra.PositionalArgs, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use,
		Short:             short,
		Long:              strings.TrimSpace(long),
		Example:           "  " + strings.ReplaceAll(strings.TrimSpace(examples), "\n", "\n  "),
		Args:              usage(args),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return end(cmd, run(cmd, args))
		},
	}
}

// Exit codes, as documented in the help and docs/cli.md.
const (
	ExitNo     = 1 // the answer is no
	ExitCannot = 2 // there is no answer
)

// no is the error of a command whose answer is no. Any other error means that there is no answer.
type no struct{ message string }

// Error returns the message.
func (n no) Error() string { return n.message }

// No returns the error of a command whose answer is no.
func No(format string, values ...any) error { return no{fmt.Sprintf(format, values...)} }

// IsNo reports whether an error comes from No.
func IsNo(err error) bool {
	var answer no
	return errors.As(err, &answer)
}

// end turns the result of a command into its exit code.
func end(cmd *cobra.Command, err error) error {
	if err == nil || IsNo(err) {
		return err // Caddy prints it and exits with ExitNo
	}
	return cannot(cmd, err)
}

// cannot prints the error and makes Caddy exit with ExitCannot. It removes possible keys from the
// error. Versions of Caddy differ in how they print errors with codes above 1, so the error is not
// returned to Caddy.
func cannot(cmd *cobra.Command, err error) error {
	cmd.PrintErrln(cmd.ErrPrefix(), redact.Error(err, os.Args[1:]))
	cmd.SilenceErrors = true
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return ExitCannot, nil })(cmd, nil)
}

// Arguments checks the number of arguments. Its error does not repeat them: one may be a secret in
// the wrong place.
func Arguments(number int) cobra.PositionalArgs {
	return func(_ *cobra.Command, values []string) error {
		if len(values) != number {
			return fmt.Errorf("expected %s, got %d", status.Count(number, "argument"), len(values))
		}
		return nil
	}
}

// Shown returns an argument for use in an error, unless it is long enough to be a key.
func Shown(argument string) string {
	if len(argument) > 20 && !strings.ContainsAny(argument, ".:") {
		return "the argument"
	}
	return strconv.Quote(argument)
}

// Printable replaces control characters in text from the network: they could move the cursor.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// usage makes a command with wrong arguments exit with ExitCannot.
func usage(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, values []string) error {
		if err := args(cmd, values); err != nil {
			return cannot(cmd, err)
		}
		return nil
	}
}
