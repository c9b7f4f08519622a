// Package command is the command line `caddy doors`.
//
//	command.go     the subcommands together, and how a command ends: a code, and one line on standard error
//	keys.go        keygen: nothing in, a new key out; keyid: a secret in, the identifiers of its keys out
//	token.go       encode: an address in, its token out; decode: a token in, its address out
//	explain.go     a configuration and a request in, what would happen out
//	check.go       a configuration in, what is wrong with it and its pods out
//	wait.go        a pod in, the end of its last request out
//	top.go         the state of a running Caddy in, a line or a table out; table.go draws it
//	replica.go     where a running Caddy is, from the command line
//	source.go      a configuration in, what the commands need of it out
//	load.go        the text of a configuration in, its sources, read or loaded, out; inspection.go asks a loaded one
//
// Results go to standard output and nothing else does. Keys come from the environment, a file or standard input. Nothing here runs while Caddy serves.
package command

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/spf13/cobra"
)

// New makes the command.
func New() caddycmd.Command { return newCommand(Module{Sources: readSources, Load: loadSources}) }

func newCommand(module Module) caddycmd.Command {
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
	1  the answer is no: a token that does not open, a finding, time is up
	2  nothing can be said: bad usage, a file or a service out of reach
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = usage(cobra.NoArgs)
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			cmd.SetFlagErrorFunc(cannot)
			cmd.AddCommand(keygen(), keyid(), encode(), decode(), explain(module), check(module), wait(), statusOf(), top())
		},
	}
}

// subcommand makes one of the subcommands. Its help is indented in the source and not on the screen.
func subcommand(use, short, long string, args cobra.PositionalArgs, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use,
		Short:             short,
		Long:              strings.TrimSpace(long),
		Args:              usage(args),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return end(cmd, run(cmd, args))
		},
	}
}

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
			return fmt.Errorf("%s, not %d", status.Count(number, "argument"), len(values))
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
