package doorscaddy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

// lastAnswers is how long answers under way may take once the limit of a drain
// is reached.
const lastAnswers = 5 * time.Second

// life is a server after its first order to stop.
type life struct {
	server *http.Server
	app    App
	gate   *gate
	served <-chan error     // the result of the server's Serve
	orders <-chan os.Signal // a second order ends the server
	delay  time.Duration
	limit  time.Duration // 0 for none
}

// end ends the server and returns the result of [Serve].
func (l *life) end() error {
	l.gate.close()
	now := l.gate.load()
	slog.Info("doorscaddy: draining; a second signal stops at once", "requests", now.Requests, "pages", now.Pages)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var limit, grace <-chan time.Time
	if l.limit > 0 {
		limit = time.After(l.limit)
	}
	drained := l.drain(ctx)
	var shut chan error // nil until Shutdown has begun
	shutDown := func() {
		drained, shut = nil, make(chan error, 1)
		go func() { shut <- l.server.Shutdown(ctx) }()
	}
	var unfinished error
	for {
		select {
		case <-drained:
			shutDown()
		case <-limit:
			grace = time.After(lastAnswers)
			if shut == nil {
				// New requests of pages now fail to connect, so the pages
				// reload elsewhere. Requests under way still get their answer.
				unfinished = l.cut("by its time limit")
				shutDown()
			}
		case err := <-shut:
			return cmp.Or(err, unfinished)
		case <-grace:
			err := l.cut("by its time limit")
			_ = l.server.Close()
			return err
		case <-l.orders:
			err := l.cut("by a second signal")
			_ = l.server.Close()
			return err
		case err := <-l.served:
			if shut == nil {
				return err // something else has ended it
			}
			l.served = nil
		}
	}
}

// drain lets the app drain once no request can open a page any more. The
// channel is closed when the last page has ended. drain stops when ctx is done.
func (l *life) drain(ctx context.Context) <-chan struct{} {
	drained := make(chan struct{})
	go func() {
		for !l.gate.quiet(time.Now(), l.delay) {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
		// The callback runs inside the last page's request, whose answer
		// Shutdown waits for: it must not block.
		l.app.Drain(sync.OnceFunc(func() { close(drained) }))
	}()
	return drained
}

// cut returns the error for a drain that was cut short.
func (l *life) cut(by string) error {
	left := l.gate.load()
	return fmt.Errorf("%w %s (requests left: %d, pages left: %d)", ErrorCut, by, left.Requests, left.Pages)
}
