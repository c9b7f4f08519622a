// Command demo shows a rollout behind Caddy with doors-caddy. It starts Caddy, two pods of an app,
// and visitors, and prints the address of a page that shows the app next to Caddy's status page. A
// button on that page, or Enter, deploys the next version, as often as wanted. Another button kills
// a pod.
//
// DOORS_CADDY is the path of the Caddy binary. The default is bin/caddy. Ctrl-C or SIGTERM ends
// everything.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/demo/board"
)

// options are the command-line options of the demo.
type options struct {
	caddy    string         // path of the binary
	listen   netip.AddrPort // where Caddy serves the app
	status   netip.AddrPort // where Caddy serves the story and the status page
	https    bool
	podPort  uint16
	visitors int
	colours  bool
	stopping time.Duration // time for Caddy to stop
}

// url returns the base URL of a site.
func (o options) url(site netip.AddrPort) string {
	if o.https {
		return "https://" + site.String()
	}
	return "http://" + site.String()
}

func main() {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the screen reports on the pods
	if len(os.Args) == 2 && os.Args[1] == asPod {
		if err := board.Run(os.Stdout); err != nil {
			fail(err)
		}
		return
	}
	chosen := options{colours: terminal(os.Stdout), stopping: 5 * time.Second}
	listen := flag.String("listen", "127.0.0.1:8080", "`address` of the app")
	status := flag.String("status", "127.0.0.1:2020", "`address` of the page to open, and of the metrics")
	port := flag.Uint("pod-port", 8080, fmt.Sprintf("`port` of the pods, which are on 127.0.1.1 to 127.0.1.%d", addresses))
	flag.BoolVar(&chosen.https, "https", false, "HTTPS with a certificate of Caddy's own, and so HTTP/2")
	flag.IntVar(&chosen.visitors, "visitors", 30, "`number` of visitors who come and go")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: make demo [ARGS='OPTION...'], such as make demo ARGS='-https -listen 127.0.0.1:8443'")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := complete(&chosen, flag.Args(), *listen, *status, *port); err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, chosen, newScreen(os.Stdout, chosen.colours), os.Stdin); err != nil {
		stop()
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "demo:", err)
	os.Exit(1)
}

func complete(chosen *options, rest []string, listen, status string, port uint) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q is not an option; -help lists them", rest[0])
	}
	for _, one := range []struct {
		option, text string
		address      *netip.AddrPort
	}{{"-listen", listen, &chosen.listen}, {"-status", status, &chosen.status}} {
		parsed, err := netip.ParseAddrPort(one.text)
		if err != nil || parsed.Port() == 0 {
			return fmt.Errorf("%s %q is not an IP address and a port; write them as in 127.0.0.1:8080", one.option, one.text)
		}
		*one.address = parsed
	}
	if chosen.listen == chosen.status {
		return fmt.Errorf("-listen and -status are both %s; choose another port for one of them", chosen.listen)
	}
	if port < 1 || port > 65535 {
		return fmt.Errorf("-pod-port %d is not a port; write a number from 1 to 65535", port)
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

// run runs the demo until ctx is done or Caddy ends by itself.
func run(ctx context.Context, chosen options, screen *screen, keys io.Reader) error {
	if err := checkFree(chosen); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	secret := newSecret()
	names, err := startNames()
	if err != nil {
		return err
	}
	defer names.stop()
	fleet := newFleet(ctx, chosen, secret, names, screen)
	defer fleet.stop()
	story, err := startStory(chosen, fleet, screen)
	if err != nil {
		return err
	}
	defer story.stop()
	caddy, err := startCaddy(chosen, secret, story.listener.Addr().String(), names.address(), screen)
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
	screen.introduce(chosen)
	if fleet.deploy(); fleet.current.Number == 0 && ctx.Err() == nil {
		return errors.New("the first version did not start")
	}
	if err := startVisitors(ctx, chosen, caddy); err != nil {
		return err
	}
	go listen(keys, fleet)
	for {
		select {
		case order := <-fleet.orders:
			order()
		case <-ctx.Done():
			fleet.stop() // first: this ends the streams that Caddy would wait for
			return nil
		case <-caddy.ended:
			return errors.New("Caddy ended by itself: " + caddy.why())
		}
	}
}

// listen handles the keyboard. Input that ends at once, as in scripts, is ignored.
func listen(keys io.Reader, fleet *fleet) {
	for lines := bufio.NewScanner(keys); lines.Scan(); {
		if strings.TrimSpace(lines.Text()) == "k" {
			fleet.orderKill()
		} else {
			fleet.orderDeploy()
		}
	}
}

// startVisitors starts all visitors.
func startVisitors(ctx context.Context, chosen options, caddy *caddy) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	if chosen.https {
		authority, err := caddy.authority()
		if err != nil {
			return err
		}
		trust := x509.NewCertPool()
		trust.AppendCertsFromPEM(authority)
		transport.TLSClientConfig = &tls.Config{RootCAs: trust}
	}
	for range chosen.visitors {
		visitor, err := newVisitor(chosen.url(chosen.listen), transport)
		if err != nil {
			return err
		}
		go visitor.run(ctx)
	}
	return nil
}

// checkFree fails if another process listens already.
func checkFree(chosen options) error {
	places := map[string][]netip.AddrPort{"-listen": {chosen.listen}, "-status": {chosen.status}}
	for _, address := range podAddresses() {
		places["-pod-port"] = append(places["-pod-port"], netip.AddrPortFrom(address, chosen.podPort))
	}
	for option, addresses := range places {
		for _, address := range addresses {
			listener, err := net.Listen("tcp", address.String())
			if errors.Is(err, syscall.EADDRINUSE) {
				return fmt.Errorf("%s is in use by another program: end that one, or choose another port with make demo ARGS='%s ...'", address, option)
			}
			if err != nil {
				return err
			}
			listener.Close()
		}
	}
	return nil
}

// newSecret returns a secret as from `openssl rand -base64 32`.
func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}
