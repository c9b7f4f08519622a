package board

// In:  the environment of a pod, and signals.
// Out: a pod that lives until its last page has ended; what happens in it, as JSON lines.

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

// The variables of a pod's environment, beside DOORS_SECRET and POD_IP.
const (
	EnvPort    = "DEMO_PORT"
	EnvVersion = "DEMO_VERSION" // a number
	EnvSecure  = "DEMO_SECURE"  // "true" where browsers come by HTTPS
)

// Roll is how often a page renews its stream, and Life for how long a page may be silent until its pod knows that it was closed. Both are
// much shorter than those of Doors, whose rollouts take as long as people take.
const (
	Roll = 5 * time.Second
	Life = 15 * time.Second
)

// Line is what a pod says.
type Line struct {
	Kind  LineKind
	Pages int  // that are open now
	Frame bool `json:",omitempty"` // PageOpened: it is shown inside of another page
}

// LineKind is what happened.
type LineKind string

// The kinds of lines. Pages of visitors that are no browsers are counted and nothing else.
const (
	Ready      LineKind = "ready"
	Pages      LineKind = "pages"       // their number is another one
	PageOpened LineKind = "page opened" // by a browser
	PageMoved  LineKind = "page moved"  // a link of a browser's page has led away from this pod, which drains
)

// Run is the main function of a pod. The first SIGTERM lets it drain, the second ends it with what it has.
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
				return nil // that it was cut is what was asked for
			}
			return err
		}
	}
}

// lines writes what happens.
type lines struct {
	board *board
	mu    sync.Mutex
	to    *json.Encoder
}

func (l *lines) say(line Line) {
	line.Pages = len(l.board.pages())
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.to.Encode(line) // whoever listened has ended, and ends this process too
}

func (l *lines) observe(event pod.Event) {
	switch {
	case event.Kind == pod.InstanceBegan || event.Kind == pod.InstanceEnded:
		l.say(Line{Kind: Pages})
	case event.Request == nil:
	case event.Kind == pod.RequestBegan && event.Request.Route == pod.RoutePage:
		// What browsers say of themselves, and nobody else here.
		if place := event.Request.Header.Get("Sec-Fetch-Dest"); place != "" {
			l.say(Line{Kind: PageOpened, Frame: place == "iframe"})
		}
	case event.Kind == pod.RequestEnded && event.Status == http.StatusGone && event.Request.Route == pod.RouteHook:
		if event.Request.Header.Get("Sec-Fetch-Dest") != "" {
			l.say(Line{Kind: PageMoved})
		}
	}
}
