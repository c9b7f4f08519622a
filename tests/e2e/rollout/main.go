package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/blackhole"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// Processes end with the thread that started them. The main goroutine starts all of them, and keeps
// the main thread.
func init() { runtime.LockOSThread() }

func main() {
	if fleet.RanAsChild() {
		return
	}
	chosen, err := parseOptions(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rollout:", err)
		os.Exit(2)
	}
	why := error(nil)
	if !blackhole.Inside() {
		var code int
		if code, why = blackhole.In(); why == nil {
			os.Exit(code)
		}
	}
	ok, err := rollOut(chosen, why)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rollout:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// rollOut runs everything. noNamespace says why the program is not in its own namespace.
func rollOut(chosen options, noNamespace error) (ok bool, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	r, err := newRun(ctx, chosen, noNamespace)
	if err != nil {
		return false, err
	}
	defer r.abandon()
	if err := r.everything(); err != nil {
		return false, errors.Join(err, r.report(os.Stdout))
	}
	return r.ledger.Faultless(), r.report(os.Stdout)
}
