// In: the address of a pod, and the replicas of Caddy that may send requests to it.
// Out: the moment at which the pod has been idle for long enough, at all of them.

package running

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/spf13/cobra"
)

func wait() *cobra.Command {
	cmd := cli.Subcommand("wait <ip> [--idle <duration>] [--address <address>]... [--timeout <duration>]", "Waits until a pod is idle", `
Waits until each replica of Caddy says that it has sent no request to the pod for
as long as --idle says, and prints one line for each. Every replica is asked with
one long request, not by polling; one that cannot be reached is asked again until
the time is up. Replicas that a name has got meanwhile are asked as well.

Idle means that no request came, not that no page is open: a page in a hidden tab may
be silent for long. The app's own drain callback is the truth; this is for those who
cannot ask the app.
`+addressHelp+`

Exits with 1 when --timeout is over, and with 2 at once when a replica has no such
pod in its networks.
`, cli.Arguments(1), runWait)
	cmd.Flags().Duration("idle", time.Minute, "For how long the pod must have been without a request")
	cmd.Flags().StringArray("address", nil, "Address of a replica; may be repeated")
	cmd.Flags().Duration("timeout", 0, "How long to wait; 0 for ever")
	return cmd
}

const (
	// longestHold is for how long a replica is asked to hold one question.
	longestHold = 10 * time.Minute
	// pause is the time between two questions to a replica.
	pause = time.Second
	// grace is how long an answer may take beyond the time for which the question is held.
	grace = 5 * time.Second
)

// waiter asks all replicas about one pod.
type waiter struct {
	cmd   *cobra.Command
	pod   netip.Addr
	idle  time.Duration
	until time.Time // zero for ever

	mu     sync.Mutex
	failed error           // of the output
	lost   map[string]bool // the names of replicas that are no longer there
}

func runWait(cmd *cobra.Command, args []string) error {
	pod, err := netip.ParseAddr(args[0])
	if err != nil || pod.Zone() != "" {
		return fmt.Errorf("%s is no IP address", cli.Shown(args[0]))
	}
	idle, _ := cmd.Flags().GetDuration("idle")
	timeout, _ := cmd.Flags().GetDuration("timeout")
	addresses, _ := cmd.Flags().GetStringArray("address")
	if idle <= 0 {
		return fmt.Errorf("--idle %v: must be more than 0", idle)
	}
	if timeout < 0 {
		return fmt.Errorf("--timeout %v: must not be negative", timeout)
	}
	w := &waiter{cmd: cmd, pod: pod.Unmap(), idle: idle, lost: make(map[string]bool)}
	if timeout > 0 {
		w.until = time.Now().Add(timeout)
	}
	return w.addresses(cmd.Context(), addresses)
}

// addresses waits for all replicas that the addresses of the command line stand for, and then for those that a name has got
// meanwhile: where one was replaced, the other one may have sent requests as well.
func (w *waiter) addresses(ctx context.Context, addresses []string) error {
	asked := make(map[string]bool)
	for {
		replicas, err := replicasOf(ctx, addresses...)
		if err != nil && len(asked) > 0 && len(w.lost) == 0 {
			return w.failed // all that there were have said yes
		}
		if err != nil {
			return err
		}
		replicas = slices.DeleteFunc(replicas, func(r *replica) bool { return asked[r.name] && !w.lost[r.name] })
		if len(replicas) == 0 {
			return w.failed
		}
		for _, r := range replicas {
			asked[r.name] = true
		}
		clear(w.lost)
		if err := w.all(ctx, replicas); err != nil {
			return err
		}
	}
}

// all waits for all replicas. The first that cannot be asked ends it; one whose time is up lets the others go on, for the
// same time is up for them.
func (w *waiter) all(ctx context.Context, replicas []*replica) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	outcomes := make(chan error)
	for _, replica := range replicas {
		go func() {
			err := w.one(ctx, replica)
			if err != nil {
				err = fmt.Errorf("%s: %w", replica.name, err)
			}
			outcomes <- err
		}()
	}
	var failures []error
	var timeIsUp error
	for range replicas {
		err := <-outcomes
		switch {
		case cli.IsNo(err):
			timeIsUp = errors.Join(timeIsUp, err)
		case err != nil && len(failures) == 0: // later ones are of our own making
			failures = append(failures, err)
			stop()
		}
	}
	switch {
	case len(failures) > 0:
		return failures[0]
	default:
		return timeIsUp
	}
}

// one waits for one replica. It returns nil when the pod is idle there, and a no when the time is up.
func (w *waiter) one(ctx context.Context, r *replica) error {
	said := ""
	for {
		began := time.Now()
		answer, err := w.ask(ctx, r)
		if err == nil && answer.Answer == status.IsIdle {
			w.print("%s: %s is idle, no request for %.0f s", r.name, w.pod, answer.IdleSeconds)
			return nil
		}
		if final(err) || ctx.Err() != nil {
			return err
		}
		if err != nil && r.vanished(ctx) {
			w.note("%s: is no longer there", r.name)
			w.lose(r)
			return nil
		}
		saying := describe(answer, err)
		if said != saying {
			w.note("%s: %s: %s", r.name, w.pod, saying)
			said = saying
		}
		if !w.until.IsZero() && !time.Now().Before(w.until) {
			return cli.No("time is up: %s: %s", w.pod, saying)
		}
		select {
		case <-time.After(time.Until(began.Add(pause))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ask asks once, and lets the replica hold the question while there is time.
func (w *waiter) ask(ctx context.Context, r *replica) (answer status.Idle, err error) {
	hold := longestHold
	if !w.until.IsZero() {
		hold = min(hold, max(0, time.Until(w.until)))
	}
	ctx, stop := context.WithTimeout(ctx, hold+grace)
	defer stop()
	err = r.get(ctx, question{
		path:  [...]string{site: "/pods/" + w.pod.String(), admin: "/doors/pods/" + w.pod.String()},
		query: url.Values{"idle": {w.idle.String()}, "wait": {hold.String()}},
	}, &answer, http.StatusOK, http.StatusConflict)
	if err == nil && answer.Pod != w.pod.String() {
		err = &refusal{status: http.StatusOK} // JSON, but of somebody else
	}
	return answer, err
}

// final tells whether an error will be the same the next time. What answers with a status below 500 means it.
func final(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && refused.status < http.StatusInternalServerError
}

func describe(answer status.Idle, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case answer.Answer == status.JustStarted:
		return "this Caddy has not run for long enough to know"
	case answer.InFlight == 0:
		return fmt.Sprintf("%s: the last request was %.0f s ago", answer.Answer, answer.IdleSeconds)
	default:
		return fmt.Sprintf("%s: %s in flight, of which %s", answer.Answer, status.Count(answer.InFlight, "request"), status.Count(answer.Streams, "stream"))
	}
}

// lose notes that a replica is no longer there.
func (w *waiter) lose(r *replica) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost[r.name] = true
}

// print writes a result.
func (w *waiter) print(format string, values ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := fmt.Fprintf(w.cmd.OutOrStdout(), format+"\n", values...); err != nil && w.failed == nil {
		w.failed = err
	}
}

// note tells those who wait why.
func (w *waiter) note(format string, values ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cmd.PrintErrf(format+"\n", values...)
}
