package running

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/spf13/cobra"
)

const (
	// longestHold is the longest time that a replica is asked to hold a question.
	longestHold = 10 * time.Minute
	// pause is the time between two questions to a replica.
	pause = time.Second
	// grace is how much longer than the hold an answer may take.
	grace = 5 * time.Second
)

// waiter asks all replicas the same question until each has said yes.
type waiter struct {
	cmd   *cobra.Command
	until time.Time // zero for no limit
	about string    // prefix of all output; may be empty
	eager bool      // get the first answer at once, to print the progress

	// orders is set if the question is an order, which only the admin API takes.
	orders bool

	// ask asks one replica, which may hold the question for the given time. text is the answer in
	// words.
	ask func(ctx context.Context, r *replica, hold time.Duration) (text string, yes bool, err error)

	mu     sync.Mutex
	failed error           // of the output
	lost   map[string]bool // names of replicas that have vanished
}

// takesWait adds the flags of a waiter to a command.
func takesWait(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringArray("address", nil, "Address of a replica; may be repeated")
	cmd.Flags().Duration("timeout", 0, "How long to wait; 0 for ever")
	return cmd
}

// run waits for all replicas that the command line names.
func (w *waiter) run() error {
	timeout, _ := w.cmd.Flags().GetDuration("timeout")
	addresses, _ := w.cmd.Flags().GetStringArray("address")
	if timeout < 0 {
		return fmt.Errorf("--timeout %v: must not be negative", timeout)
	}
	if timeout > 0 {
		w.until = time.Now().Add(timeout)
	}
	if w.about != "" {
		w.about += ": "
	}
	w.lost = make(map[string]bool)
	return w.addresses(w.cmd.Context(), addresses)
}

// addresses waits for all replicas that the addresses stand for. Then it waits for those that a
// name has gained in the meantime: a new replica may have sent requests too.
func (w *waiter) addresses(ctx context.Context, addresses []string) error {
	asked := make(map[string]bool)
	for {
		replicas, err := replicasOf(ctx, addresses...)
		if err != nil && len(asked) > 0 && len(w.lost) == 0 {
			return w.failed // all replicas have said yes
		}
		if err != nil {
			return err
		}
		for _, r := range replicas {
			if w.orders {
				r.apis = []api{admin}
			}
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

// all waits for all replicas. The first error ends it. A replica that runs out of time does not
// stop the others: their time ends too.
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
		case err != nil && len(failures) == 0: // later errors come from the cancellation
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

// one waits for one replica. It returns nil when the replica has said yes, and a no when the time
// is up.
func (w *waiter) one(ctx context.Context, r *replica) error {
	said := ""
	for {
		began := time.Now()
		saying, yes, err := w.once(ctx, r, w.eager && said == "")
		if err == nil && yes {
			w.print("%s: %s", r.name, saying)
			return nil
		}
		if final(err) || cli.IsNo(err) || ctx.Err() != nil {
			return err
		}
		if err != nil && r.vanished(ctx) {
			w.note("%s: no longer in DNS", r.name)
			w.lose(r)
			return nil
		}
		if err != nil {
			saying = err.Error()
		}
		if said != saying {
			w.note("%s: %s%s", r.name, w.about, saying)
			said = saying
		}
		if !w.until.IsZero() && !time.Now().Before(w.until) {
			return cli.No("time is up: %s%s", w.about, saying)
		}
		select {
		case <-time.After(time.Until(began.Add(pause))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once asks once. The replica may hold the question for the time that is left, unless the answer is
// needed now.
func (w *waiter) once(ctx context.Context, r *replica, now bool) (text string, yes bool, err error) {
	hold := longestHold
	switch {
	case now:
		hold = 0
	case !w.until.IsZero():
		hold = min(hold, max(0, time.Until(w.until)))
	}
	ctx, stop := context.WithTimeout(ctx, hold+grace)
	defer stop()
	return w.ask(ctx, r, hold)
}

// final reports whether an error would occur again. A status below 500 would.
func final(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && refused.status < http.StatusInternalServerError
}

// lose records that a replica has vanished.
func (w *waiter) lose(r *replica) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost[r.name] = true
}

// print prints a result.
func (w *waiter) print(format string, values ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := fmt.Fprintf(w.cmd.OutOrStdout(), format+"\n", values...); err != nil && w.failed == nil {
		w.failed = err
	}
}

// note prints progress for the user.
func (w *waiter) note(format string, values ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cmd.PrintErrf(format+"\n", values...)
}
