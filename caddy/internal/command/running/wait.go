package running

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/spf13/cobra"
)

func wait() *cobra.Command {
	cmd := takesWait(cli.Subcommand("wait <ip>|--drained [--idle <duration>] [--address <address>]... [--timeout <duration>]", "Waits until a pod is idle, or all have drained", `
Waits until no replica of Caddy has sent a request to the pod for the time of --idle,
and prints one line for each replica. With --drained it waits until no pod is draining,
as 'caddy doors status' reports it. The command sends one long request to each replica
instead of polling, tries again while a replica is unreachable, and also asks replicas
that are added to the name later.

An idle pod can still have open pages: a page in a hidden tab may be silent for a long time. If
you can, use the drain callback of the app instead. Run --drained after the old pods have
begun to drain; before that it ends at once.
`+addressHelp+`

Exits with 1 if the time is up, and with 2 if a replica has no network with the pod.
`, `
caddy doors wait 10.0.0.7 --idle 40m
caddy doors wait --drained --timeout 1h
`, func(cmd *cobra.Command, values []string) error {
		if drained, _ := cmd.Flags().GetBool("drained"); drained {
			return cli.Arguments(0)(cmd, values)
		}
		return cli.Arguments(1)(cmd, values)
	}, runWait))
	cmd.Flags().Bool("drained", false, "Wait until no pod is draining")
	cmd.Flags().Duration("idle", time.Minute, "How long the pod must have had no request")
	return cmd
}

func runWait(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		if cmd.Flags().Changed("idle") {
			return errors.New("--idle cannot be combined with --drained")
		}
		return (&waiter{cmd: cmd, eager: true, ask: askDrained}).run()
	}
	pod, err := netip.ParseAddr(args[0])
	if err != nil || pod.Zone() != "" {
		return fmt.Errorf("%s is not an IP address", cli.Shown(args[0]))
	}
	idle, _ := cmd.Flags().GetDuration("idle")
	if idle <= 0 {
		return fmt.Errorf("--idle %v: must be longer than 0s", idle)
	}
	return (&waiter{cmd: cmd, about: pod.Unmap().String(), ask: askIdle(pod.Unmap(), idle)}).run()
}

// sayEvery is how often the number of remaining pages is printed.
const sayEvery = time.Minute

// askDrained asks whether no pod is draining.
func askDrained(ctx context.Context, r *replica, hold time.Duration) (text string, yes bool, err error) {
	var rollout status.Rollout
	err = r.get(ctx, question{
		path:  [...]string{site: "/rollout", admin: "/doors/rollout"},
		query: url.Values{"wait": {min(hold, sayEvery).String()}},
	}, &rollout, http.StatusOK, http.StatusConflict)
	if err == nil && rollout.Headline == "" {
		err = &refusal{status: http.StatusOK} // JSON, but not from this API
	}
	return cli.Printable(rollout.Headline), rollout.Draining == 0, err
}

// askIdle asks whether a pod is idle.
func askIdle(pod netip.Addr, idle time.Duration) func(ctx context.Context, r *replica, hold time.Duration) (text string, yes bool, err error) {
	return func(ctx context.Context, r *replica, hold time.Duration) (text string, yes bool, err error) {
		var answer status.Idle
		err = r.get(ctx, question{
			path:  [...]string{site: "/pods/" + pod.String(), admin: "/doors/pods/" + pod.String()},
			query: url.Values{"idle": {idle.String()}, "wait": {hold.String()}},
		}, &answer, http.StatusOK, http.StatusConflict)
		switch {
		case err != nil:
			return "", false, err
		case answer.Pod != pod.String():
			return "", false, &refusal{status: http.StatusOK} // JSON, but not from this API
		case answer.Answer == status.IsIdle:
			return fmt.Sprintf("%s is idle, no request for %.0f s", pod, answer.IdleSeconds), true, nil
		default:
			return describe(answer), false, nil
		}
	}
}

func describe(answer status.Idle) string {
	switch {
	case answer.Answer == status.JustStarted:
		return "this Caddy has not run for long enough to know"
	case answer.InFlight == 0:
		return fmt.Sprintf("%s: the last request was %.0f s ago", answer.Answer, answer.IdleSeconds)
	default:
		return fmt.Sprintf("%s: %s in flight, of which %s", answer.Answer, status.Count(answer.InFlight, "request"), status.Count(answer.Streams, "stream"))
	}
}
