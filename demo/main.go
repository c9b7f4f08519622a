// Command demo shows Caddy routing the traffic of Doors pages: it starts three
// stand-in pods and Caddy in front of them, prints what to open or curl, plays
// a visitor whose pod is replaced, and shows where each request goes.
//
// DOORS_CADDY is the path of the Caddy binary, by default bin/caddy. Ctrl-C or
// SIGTERM ends the pods and Caddy.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are the command line of the demo.
type options struct {
	caddy    string         // path of the binary
	listen   netip.AddrPort // where Caddy listens
	status   netip.AddrPort // where Caddy shows what it knows
	podPort  uint16
	rollout  time.Duration // when the old pod begins to drain
	visitor  bool
	colours  bool
	stopping time.Duration // how long Caddy may take to stop
}

func main() {
	chosen := options{colours: terminal(os.Stdout), stopping: 5 * time.Second}
	listen := flag.String("listen", "127.0.0.1:8080", "`address` on which Caddy listens")
	status := flag.String("status", "127.0.0.1:2020", "`address` of the status page")
	port := flag.Uint("pod-port", 8080, "`port` of the pods on 127.0.1.1, 127.0.1.2 and 127.0.2.1")
	flag.DurationVar(&chosen.rollout, "rollout", 30*time.Second, "when the old pod begins to drain; 0 for never")
	flag.BoolVar(&chosen.visitor, "visitor", true, "play a visitor who has a page of the old pod")
	flag.Parse()
	if err := complete(&chosen, *listen, *status, *port); err != nil {
		fail(err)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the screen says what the pods do
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, chosen, newScreen(os.Stdout, chosen.colours)); err != nil {
		stop()
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "demo:", err)
	os.Exit(1)
}

func complete(chosen *options, listen, status string, port uint) error {
	for _, one := range []struct {
		option, text string
		address      *netip.AddrPort
	}{{"-listen", listen, &chosen.listen}, {"-status", status, &chosen.status}} {
		parsed, err := netip.ParseAddrPort(one.text)
		if err != nil {
			return fmt.Errorf("%s %q: an IP address and a port are needed, such as 127.0.0.1:8080", one.option, one.text)
		}
		*one.address = parsed
	}
	if port < 1 || port > 65535 {
		return fmt.Errorf("-pod-port %d: a port is 1 to 65535", port)
	}
	chosen.podPort = uint16(port)
	chosen.caddy = os.Getenv("DOORS_CADDY")
	if chosen.caddy == "" {
		chosen.caddy = "bin/caddy"
	}
	if _, err := os.Stat(chosen.caddy); err != nil {
		return fmt.Errorf("no Caddy at %s: build it with `make build`, or set DOORS_CADDY to its path", chosen.caddy)
	}
	return nil
}

// run shows the demo until ctx is done or Caddy ends by itself.
func run(ctx context.Context, chosen options, screen *screen) error {
	secret := newSecret()
	for _, address := range []struct {
		option string
		netip.AddrPort
	}{{"-listen", chosen.listen}, {"-status", chosen.status}} {
		if err := checkFree(address.AddrPort, address.option); err != nil {
			return err
		}
	}
	pods, err := startPods(secret, chosen.podPort, screen)
	if err != nil {
		return err
	}
	defer pods.kill()
	caddy, err := startCaddy(chosen, secret, screen)
	if err != nil {
		return err
	}
	defer caddy.stop(chosen.stopping)
	if err := caddy.ready(ctx, chosen.listen); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	screen.introduce(chosen, pods)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if chosen.visitor {
		go newVisitor(chosen.listen, pods.old).run(ctx)
	}
	if chosen.rollout > 0 {
		go pods.rollOut(ctx, chosen.rollout)
	}
	select {
	case <-ctx.Done():
		screen.note("ending the pods and Caddy")
		pods.kill() // first, which ends the streams that Caddy would wait for
		return nil
	case <-caddy.ended:
		return errors.New("Caddy ended by itself: " + caddy.why())
	}
}

// newSecret is what `openssl rand -base64 32` prints.
func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}
