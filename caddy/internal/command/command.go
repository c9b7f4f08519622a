// In: what the Caddy module can tell about configurations.
// Out: the command `caddy doors`, ready to be registered.

package command

import (
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// New makes the command.
func New(module Module) caddycmd.Command {
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
			cmd.AddCommand(keygen(), keyid(), encode(), decode(), explain(module), check(module), wait(), top())
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
