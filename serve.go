package doorscaddy

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
)

// App is what [Serve] needs of an app. The App of Doors implements it.
type App interface {
	http.Handler

	// Drain tells the app that it gets no new pages. The app calls callback
	// once, from any goroutine, when its last page has ended, and before Drain
	// returns if there is none. The callback does not block.
	Drain(callback func())
}

// Serve serves an app behind Caddy until the process gets SIGTERM or SIGINT. It
// lets the app's pages end and then returns, after which main should return.
//
// After the signal these things happen in order:
//
//  1. Every answer gets the header Doors-Draining: ?1, by which Caddy learns
//     that the pod is draining, and Connection: close. A GET or HEAD outside
//     /~/ gets 503 without reaching the app, and Caddy sends it to another pod.
//     If there is none, Caddy repeats it with Doors-Last-Choice: ?1, and the app
//     serves the page. The path of [WithReadyPath] answers 503 too.
//  2. Serve waits until no page has been loaded for the time of [WithDelay].
//  3. Serve calls the app's Drain. Open pages continue until they end.
//  4. When the last page has ended, Serve shuts the server down. It returns nil
//     when the last answer is written.
//
// A second signal ends the server at once, and so does the limit of
// [WithLimit]. The error is then [ErrorCut].
//
// Serve listens on server.Addr, or on port 80 if that is empty. For TLS see
// [WithListener]. It serves server.Handler, which can wrap the app, or the app
// itself if the handler is nil. It replaces server.Handler. Do not shut the
// server down elsewhere: Serve then returns http.ErrServerClosed. Serve does
// not wait for hijacked connections.
func Serve(server *http.Server, app App, options ...Option) error {
	chosen := settle(options)
	orders := chosen.orders
	if orders == nil {
		notified, stop := notify()
		defer stop()
		orders = notified
	}
	listener := chosen.listener
	if listener == nil {
		var err error
		if listener, err = net.Listen("tcp", cmp.Or(server.Addr, ":http")); err != nil {
			return fmt.Errorf("doorscaddy: %w", err)
		}
	}
	if server.Handler == nil {
		server.Handler = app
	}
	front := newGate(server.Handler, chosen.readyPath)
	server.Handler = front
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case _, open := <-orders:
		if !open {
			orders = nil // closing the channel is one order
		}
	}
	s := &shutdown{server, app, front, served, orders, chosen.delay, chosen.limit}
	return s.end()
}
