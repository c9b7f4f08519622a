package doorscaddy

// In:  a server that has got its first order to stop.
// Out: the drain, one step after the other, and the end of the server.

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

// lastAnswers is how long answers may take that are under way when the limit of
// a drain is reached.
const lastAnswers = 5 * time.Second

// life is a server after its first order.
type life struct {
	server *http.Server
	app    App
	gate   *gate
	served <-chan error     // what Serve of the server returned
	orders <-chan os.Signal // what is left of them: the second one ends the server
	delay  time.Duration
	limit  time.Duration // 0 for none
}

// end ends the server and returns what [Serve] returns.
func (l *life) end() error {
	l.gate.close()
	now := l.gate.load()
	slog.Info("doorscaddy: draining; another signal ends it at once", "requests", now.Requests, "pages", now.Pages)

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
				// What pages ask from now on finds no listener, so they reload
				// elsewhere. What they have asked is still answered.
				unfinished = l.cut("by its limit")
				shutDown()
			}
		case err := <-shut:
			return cmp.Or(err, unfinished)
		case <-grace:
			err := l.cut("by its limit")
			_ = l.server.Close()
			return err
		case <-l.orders:
			err := l.cut("by a second order")
			_ = l.server.Close()
			return err
		case err := <-l.served:
			if shut == nil {
				return err // somebody else has ended it
			}
			l.served = nil
		}
	}
}

// drain has the app drain once nothing can open a page any more. The channel is
// closed when the last page has ended; nothing happens any more when ctx is
// done.
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
		// The callback runs inside the request of the last page, for whose
		// answer Shutdown waits: so it does nothing but tell.
		l.app.Drain(sync.OnceFunc(func() { close(drained) }))
	}()
	return drained
}

// cut is the error that says by what the drain was cut short.
func (l *life) cut(by string) error {
	left := l.gate.load()
	return fmt.Errorf("%w %s, with %d requests and %d pages left", ErrorCut, by, left.Requests, left.Pages)
}
