package board

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

// Environment variables of a pod, in addition to DOORS_SECRET and POD_IP.
const (
	EnvPort    = "DEMO_PORT"
	EnvVersion = "DEMO_VERSION" // a number
	EnvSecure  = "DEMO_SECURE"  // "true" if browsers use HTTPS
)

// Roll is how often a page renews its stream. Life is how long a page may be silent before its pod
// considers it closed. Both are much shorter than in Doors, so that rollouts do not take as long as
// people take.
const (
	Roll = 5 * time.Second
	Life = 15 * time.Second
)

// Line is a line of a pod's output.
type Line struct {
	Kind  LineKind
	Pages int  // open pages
	Frame bool `json:",omitempty"` // for PageOpened: the page is in a frame
}

// LineKind is a kind of event.
type LineKind string

// The kinds of lines. Pages of simulated visitors are only counted.
const (
	Ready      LineKind = "ready"
	Pages      LineKind = "pages"       // their number has changed
	PageOpened LineKind = "page opened" // by a browser
	PageMoved  LineKind = "page moved"  // a link on a browser's page has led away from this draining pod
)

// Run is the main function of a pod. The first SIGTERM starts the drain, and the second ends the
// pod with its open pages.
func Run(say io.Writer) error {
	number, err := strconv.Atoi(os.Getenv(EnvVersion))
	if err != nil || number < 1 {
		return fmt.Errorf("%s %q is not the number of a version", EnvVersion, os.Getenv(EnvVersion))
	}
	address, err := netip.ParseAddrPort(os.Getenv("POD_IP") + ":" + os.Getenv(EnvPort))
	if err != nil {
		return err
	}
	orders := make(chan os.Signal, 2)
	signal.Notify(orders, syscall.SIGTERM)
	version := VersionOf(number)
	app := &board{started: make(chan struct{}), notes: map[string]note{}}
	lines := &lines{to: json.NewEncoder(say), board: app}
	app.pod, err = pod.Start(pod.Config{
		Secret: os.Getenv("DOORS_SECRET"), Address: address, Name: version.Name, Generation: strconv.Itoa(number),
		Secure: os.Getenv(EnvSecure) == "true", Roll: Roll, InstanceTTL: Life, ConnectTimeout: Life, Delay: 2 * time.Second,
		Page: page(version), Hooks: map[string]http.HandlerFunc{hookNote: app.keep},
		Observe: func(event pod.Event) {
			app.observe(event)
			lines.observe(event)
		},
	})
	if err != nil {
		return err
	}
	close(app.started)
	lines.say(Line{Kind: Ready})
	ctx, cut := context.WithCancel(context.Background())
	defer cut()
	ended := make(chan error, 1)
	draining := false
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			app.tick(now)
		case <-orders:
			if draining {
				cut()
			}
			if !draining {
				draining = true
				go func() { ended <- app.pod.DrainAndStop(ctx) }()
			}
		case err := <-ended:
			if ctx.Err() != nil {
				return nil // the caller asked for it to be cut short
			}
			return err
		}
	}
}

// lines writes the lines.
type lines struct {
	board *board
	mu    sync.Mutex
	to    *json.Encoder
}

func (l *lines) say(line Line) {
	line.Pages = len(l.board.pages())
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.to.Encode(line) // the reader has ended, and will end this process too
}

func (l *lines) observe(event pod.Event) {
	switch {
	case event.Kind == pod.InstanceBegan || event.Kind == pod.InstanceEnded:
		l.say(Line{Kind: Pages})
	case event.Request == nil:
	case event.Kind == pod.RequestBegan && event.Request.Route == pod.RoutePage:
		// Only browsers send this header.
		if place := event.Request.Header.Get("Sec-Fetch-Dest"); place != "" {
			l.say(Line{Kind: PageOpened, Frame: place == "iframe"})
		}
	case event.Kind == pod.RequestEnded && event.Status == http.StatusGone && event.Request.Route == pod.RouteHook:
		if event.Request.Header.Get("Sec-Fetch-Dest") != "" {
			l.say(Line{Kind: PageMoved})
		}
	}
}
