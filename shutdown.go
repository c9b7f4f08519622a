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

// shutdown is a server after its first order to stop.
type shutdown struct {
	server *http.Server
	app    App
	gate   *gate
	served <-chan error     // the result of the server's Serve
	orders <-chan os.Signal // a second order ends the server
	delay  time.Duration
	limit  time.Duration // 0 for none
}

// end ends the server and returns the result of [Serve].
func (s *shutdown) end() error {
	s.gate.close()
	now := s.gate.load()
	slog.Info("doorscaddy: draining; a second signal stops at once", "requests", now.Requests, "pages", now.Pages)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var limit, grace <-chan time.Time
	if s.limit > 0 {
		limit = time.After(s.limit)
	}
	drained := s.drain(ctx)
	var shut chan error // nil until Shutdown has begun
	shutDown := func() {
		drained, shut = nil, make(chan error, 1)
		go func() { shut <- s.server.Shutdown(ctx) }()
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
				unfinished = s.cut("by its time limit")
				shutDown()
			}
		case err := <-shut:
			return cmp.Or(err, unfinished)
		case <-grace:
			err := s.cut("by its time limit")
			_ = s.server.Close()
			return err
		case <-s.orders:
			err := s.cut("by a second signal")
			_ = s.server.Close()
			return err
		case err := <-s.served:
			if shut == nil {
				return err // something else has ended it
			}
			s.served = nil
		}
	}
}

// drain lets the app drain once no request can open a page any more. The
// channel is closed when the last page has ended. drain stops when ctx is done.
func (s *shutdown) drain(ctx context.Context) <-chan struct{} {
	drained := make(chan struct{})
	go func() {
		for !s.gate.quiet(time.Now(), s.delay) {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
		// The callback runs inside the last page's request, whose answer
		// Shutdown waits for: it must not block.
		s.app.Drain(sync.OnceFunc(func() { close(drained) }))
	}()
	return drained
}

// cut returns the error for a drain that was cut short.
func (s *shutdown) cut(by string) error {
	left := s.gate.load()
	return fmt.Errorf("%w %s (requests left: %d, pages left: %d)", ErrorCut, by, left.Requests, left.Pages)
}
