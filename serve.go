package doorscaddy

// In:  a server, the app behind it, and orders to stop.
// Out: requests served until the first order; then it is for life.

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
)

// App is what [Serve] needs of an app. The App of Doors is one.
type App interface {
	http.Handler

	// Drain tells the app that it gets no new pages. It calls callback once,
	// from any goroutine, when the last page has ended: before it returns if
	// there is none. The callback never blocks.
	Drain(callback func())
}

// Serve serves an app behind Caddy until the process gets SIGTERM or SIGINT,
// lets its pages end, and returns. Then main returns.
//
// What happens after the signal, in this order:
//
//  1. Every answer has the header Doors-Draining: ?1, by which Caddy learns
//     that the pod drains, and Connection: close. A GET or HEAD outside /~/ gets
//     503, and the app does not see it: Caddy sends it to another pod. Where it
//     has none, it asks again with Doors-Last-Choice: ?1, and the app serves the
//     page. The path of [WithReadyPath] answers 503 too.
//  2. Serve waits until no page has been loaded for as long as [WithDelay] says.
//  3. It calls Drain of the app. Pages that are open go on until they end.
//  4. When the last page has ended, it shuts the server down, and returns nil
//     when the last answer is written.
//
// A second signal ends the server at once, and [WithLimit] sets a limit. Then
// the error is [ErrorCut].
//
// Serve listens on server.Addr, port 80 if it is empty; see [WithListener] for
// TLS. It serves server.Handler, so that something can stand in front of the
// app, and the app itself if that is nil. It replaces server.Handler, and uses
// the server alone: whoever else shuts it down gets http.ErrServerClosed from
// Serve. Connections that a handler has hijacked are not waited for.
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
	l := &life{server, app, front, served, orders, chosen.delay, chosen.limit}
	return l.end()
}
