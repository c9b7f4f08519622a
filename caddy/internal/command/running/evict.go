package running

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/spf13/cobra"
)

func evict() *cobra.Command {
	cmd := takesWait(cli.Subcommand("evict <ip>|<network>|--upstream <host:port> [--rate <number>] [--idle-first] [--undo] [--address <address>]... [--timeout <duration>]",
		"Makes the pages of a pod reload elsewhere", `
Ends the pages of a pod, or of all pods in a network or of an upstream, such as those
of a bad release. The pods get no new pages while there are other pods. Each page is told
to reload when it opens its next stream (every 15 s), if another pod can take it. Clicks
and forms still work until then. Prints how many pages are left, and ends when the pods
have drained.

The pods stay evicted until --undo or until Caddy restarts. A reload of the configuration
or an interrupt of this command does not end an eviction. Each replica of Caddy must be
told: the command tries again while one is unreachable, and also tells replicas that are
added to the name later.

An address is host:port, a URL or unix//path of an admin API. doors_status cannot evict.
A host name with several addresses means all of them, except localhost. Without
--address, the command uses the admin API of the Caddy on this machine.

Exits with 1 if the time is up, if somebody else ends the eviction, or if --undo finds
no eviction at any replica. Exits with 2 if a replica has no such upstream, or no network
with the pod.
`, `
caddy doors evict 10.0.0.7 --rate 20
caddy doors evict 10.0.0.7 --undo
caddy doors evict --upstream app.example:8080 --idle-first
`, cobra.MaximumNArgs(1), runEvict))
	cmd.Flags().String("upstream", "", "Evict only the pods of this upstream, host:port as configured")
	cmd.Flags().Uint32("rate", 0, "How many pages of an upstream to tell per second (default: gone_rate)")
	cmd.Flags().Bool("idle-first", false, "Begin with the pages that have been idle for longest")
	cmd.Flags().Bool("undo", false, "End the eviction")
	return cmd
}

func runEvict(cmd *cobra.Command, args []string) (err error) {
	flags := cmd.Flags()
	var order status.Order
	if order.Target, err = targetOf(cmd, args); err != nil {
		return err
	}
	order.Rate, _ = flags.GetUint32("rate")
	order.IdleFirst, _ = flags.GetBool("idle-first")
	w := &waiter{cmd: cmd, orders: true, eager: true, about: order.Target.String()}
	undo, _ := flags.GetBool("undo")
	if !undo {
		w.ask = (&evictor{order: order, told: make(map[string]bool)}).ask
		return w.run()
	}
	if flags.Changed("rate") || flags.Changed("idle-first") {
		return errors.New("--undo cannot be combined with --rate or --idle-first")
	}
	undone := 0
	var mu sync.Mutex
	w.ask = func(ctx context.Context, r *replica, _ time.Duration) (text string, yes bool, err error) {
		var evictions status.Evictions
		err = r.get(ctx, question{method: http.MethodDelete, path: evictionsPath, query: order.Target.Query()}, &evictions, http.StatusOK)
		var refused *refusal
		if errors.As(err, &refused) && refused.status == http.StatusNotFound && refused.message != "" {
			return order.Target.String() + " is not evicted", true, nil
		}
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			undone++
		}
		return order.Target.String() + " is no longer evicted, " + told(evictions), true, err
	}
	if err := w.run(); err != nil {
		return err
	}
	if undone == 0 {
		return cli.No("%s: nothing to undo", order.Target)
	}
	return nil
}

// targetOf parses the command line into a target.
func targetOf(cmd *cobra.Command, args []string) (target status.Target, err error) {
	target.Upstream, _ = cmd.Flags().GetString("upstream")
	if cmd.Flags().Changed("upstream") && !strings.Contains(target.Upstream, ":") {
		return target, errors.New("--upstream must be host:port, as in the configuration and in 'caddy doors top'")
	}
	switch {
	case len(args) == 0 && target.Upstream == "":
		return target, errors.New("the target is missing; write an IP address, a network or --upstream")
	case len(args) == 0:
		return target, nil
	}
	if strings.Contains(args[0], "/") {
		target.Network, err = netip.ParsePrefix(args[0])
	} else {
		target.Pod, err = netip.ParseAddr(args[0])
	}
	switch {
	case err != nil || target.Pod.Zone() != "":
		return target, fmt.Errorf("%s is neither an IP address nor a network such as 10.0.0.0/24", cli.Shown(args[0]))
	case target.Network != target.Network.Masked():
		return target, fmt.Errorf("%s has host bits set; write %s", target.Network, target.Network.Masked())
	}
	target.Pod = target.Pod.Unmap()
	return target, nil
}

// evictionsPath is the path for orders. Only the admin API has one.
var evictionsPath = [...]string{admin: "/doors/evictions"}

// evictEvery is how often the number of remaining pages is printed.
const evictEvery = 10 * time.Second

// evictor sends an order to each replica once, and then asks for its progress.
type evictor struct {
	order status.Order
	mu    sync.Mutex
	told  map[string]bool // by name of the replica
}

func (e *evictor) ask(ctx context.Context, r *replica, hold time.Duration) (text string, yes bool, err error) {
	var evictions status.Evictions
	if !e.isTold(r) {
		if err := r.get(ctx, question{method: http.MethodPost, path: evictionsPath, body: e.order}, &evictions, http.StatusOK); err != nil {
			return "", false, err
		}
		e.note(r)
	} else {
		query := e.order.Target.Query()
		query.Set("wait", min(hold, evictEvery).String())
		err := r.get(ctx, question{path: evictionsPath, query: query}, &evictions, http.StatusOK, http.StatusConflict)
		var refused *refusal
		if errors.As(err, &refused) && refused.status == http.StatusNotFound && refused.message != "" {
			return "", false, cli.No("the eviction was undone, or Caddy was restarted")
		}
		if err != nil {
			return "", false, err
		}
	}
	if len(evictions.Evictions) == 0 {
		return "", false, &refusal{status: http.StatusOK, api: admin} // JSON, but not from this API
	}
	draining, pages := evictions.Left()
	if draining == 0 {
		return fmt.Sprintf("%s: no pages left, %s", e.order.Target, told(evictions)), true, nil
	}
	return fmt.Sprintf("%s draining, %s left, %s", status.Count(draining, "pod"), status.Count(pages, "page"), told(evictions)), false, nil
}

func (e *evictor) isTold(r *replica) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told[r.name]
}

func (e *evictor) note(r *replica) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told[r.name] = true
}

// told says how many pages were told to reload.
func told(evictions status.Evictions) string {
	all := uint64(0)
	for _, one := range evictions.Evictions {
		all += one.Told
	}
	return fmt.Sprintf("%d told to reload", all)
}
