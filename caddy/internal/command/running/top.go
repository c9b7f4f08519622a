package running

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func top() *cobra.Command {
	cmd := cli.Subcommand("top [--address <address>] [--once]", "Shows upstreams and pods of a running Caddy", `
Shows the upstreams and pods of a running Caddy, with the requests and streams of each
pod, in a table that is updated every second until Ctrl-C. With --once, or if standard
output is not a terminal, it prints one table and ends.

Each update is a request. The admin API logs its requests; doors_status does not.
`+addressHelp+`
`, `
caddy doors top
caddy doors top --once --address caddy.example:2019
`, cli.Arguments(0), runTop)
	cmd.Flags().String("address", "", "Address of a running Caddy")
	cmd.Flags().Bool("once", false, "Print one table and end")
	return cmd
}

const (
	renewal = time.Second
	// statePatience limits one request for the state.
	statePatience = 10 * time.Second
)

func runTop(cmd *cobra.Command, _ []string) error {
	address, _ := cmd.Flags().GetString("address")
	once, _ := cmd.Flags().GetBool("once")
	var addresses []string
	if address != "" {
		addresses = append(addresses, address)
	}
	replicas, err := replicasOf(cmd.Context(), addresses...)
	if err != nil {
		return err
	}
	if len(replicas) != 1 {
		names := make([]string, len(replicas))
		for i, replica := range replicas {
			names[i] = replica.name
		}
		return fmt.Errorf("--address %s has %d replicas; name one of them: %s", address, len(replicas), strings.Join(names, ", "))
	}
	screen, ok := cmd.OutOrStdout().(*os.File)
	if !once && ok && term.IsTerminal(int(screen.Fd())) {
		return watch(cmd.Context(), replicas[0], screen)
	}
	state, err := replicas[0].state(cmd.Context())
	if err != nil {
		return fmt.Errorf("%s: %w", replicas[0].name, err)
	}
	return drawState(cmd.OutOrStdout(), state)
}

// state requests the state.
func (r *replica) state(ctx context.Context) (*status.State, error) {
	ctx, stop := context.WithTimeout(ctx, statePatience)
	defer stop()
	var state status.State
	err := r.get(ctx, question{path: [...]string{site: "/state", admin: "/doors"}}, &state, http.StatusOK)
	return &state, err
}

// Terminal control sequences (ECMA-48): move the cursor to the start, and erase what follows it.
const (
	home      = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// watch redraws the state until it is interrupted. After a failed request it tries again in a
// second.
func watch(ctx context.Context, r *replica, screen *os.File) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if _, err := io.WriteString(screen, home+clearRest); err != nil {
		return err
	}
	for {
		var table bytes.Buffer
		fmt.Fprintf(&table, "%s at %s\n", r.name, time.Now().Format(time.TimeOnly))
		state, err := r.state(ctx)
		if err == nil {
			err = drawState(&table, state)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			fmt.Fprintf(&table, "\n%v\n", cli.Printable(err.Error()))
		}
		width, height, err := term.GetSize(int(screen.Fd()))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(screen, frame(table.String(), width, height)); err != nil {
			return err
		}
		select {
		case <-time.After(renewal):
		case <-ctx.Done():
			return nil
		}
	}
}

// frame fits a table to the screen, over its previous contents. An unknown width or height is 0.
func frame(table string, width, height int) string {
	lines := strings.Split(strings.TrimRight(table, "\n"), "\n")
	if len(lines) >= height && height > 1 { // the cursor is on the last line
		lines = append(lines[:height-2], fmt.Sprintf("... %d lines more", len(lines)-(height-2)))
	}
	var out strings.Builder
	out.WriteString(home)
	for _, line := range lines {
		if runes := []rune(line); len(runes) > width && width > 0 {
			line = string(runes[:width])
		}
		out.WriteString(line + clearLine + "\r\n")
	}
	out.WriteString(clearRest)
	return out.String()
}

func statusOf() *cobra.Command {
	cmd := cli.Subcommand("status [--address <address>]...", "Reports whether pods are draining", `
Prints one line for each replica of Caddy: how many pods are draining and how many
pages are left on them, or that all have drained. A draining pod has drained when it
refuses connections, or when it had no request and no stream for longer than a working
page can be silent (a third more than roll_time).
`+addressHelp+`

Exits with 1 if a pod is draining.
`, `
caddy doors status
caddy doors status --address caddy-0:2019 --address caddy-1:2019
`, cli.Arguments(0), runStatus)
	cmd.Flags().StringArray("address", nil, "Address of a replica; may be repeated")
	return cmd
}

func runStatus(cmd *cobra.Command, _ []string) error {
	addresses, _ := cmd.Flags().GetStringArray("address")
	replicas, err := replicasOf(cmd.Context(), addresses...)
	if err != nil {
		return err
	}
	draining := 0
	for _, replica := range replicas {
		state, err := replica.state(cmd.Context())
		if err != nil {
			return fmt.Errorf("%s: %w", replica.name, err)
		}
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", replica.name, cli.Printable(state.Rollout.Headline)); err != nil {
			return err
		}
		draining = max(draining, state.Rollout.Draining)
	}
	if draining > 0 {
		return cli.No("not drained: %s", status.Count(draining, "pod"))
	}
	return nil
}
