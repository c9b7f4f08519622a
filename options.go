package doorscaddy

// In:  what a caller of Serve wants otherwise.
// Out: the settings of a server.

import (
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Option is what [Serve] does otherwise than by default.
type Option func(*settings)

type settings struct {
	listener  net.Listener
	orders    <-chan os.Signal
	delay     time.Duration
	limit     time.Duration
	readyPath string
}

func settle(options []Option) settings {
	chosen := settings{delay: 2 * time.Second, readyPath: "/readyz"}
	for _, option := range options {
		option(&chosen)
	}
	return chosen
}

// WithDelay sets how long after the signal Drain of the app is called; default
// 2 s. In that time requests that are on their way arrive, and every proxy
// learns that the pod drains. A page that no other pod can take is still served
// then, and begins the time anew: so a pod that is the only one goes on until
// its successor is found. Where such pages are rare, give it as long as that
// takes: the time to start, and the time for which name servers cache (30 s are
// common).
func WithDelay(delay time.Duration) Option {
	return func(s *settings) { s.delay = delay }
}

// WithLimit sets how long after the signal the drain may last; 0, the default,
// is for as long as pages are open. Then the server stops listening, so that
// pages reload elsewhere, and answers under way have 5 s to end: stay that much
// below the time after which the process is killed, such as
// terminationGracePeriodSeconds in Kubernetes.
func WithLimit(limit time.Duration) Option {
	return func(s *settings) { s.limit = limit }
}

// WithReadyPath sets the path that tells whether the server takes new pages;
// default /readyz, "" for none. A GET is answered with 200, and from the signal
// on with 503. The body is JSON with what is left to do:
//
//	{"draining":true,"requests":3,"pages":2}
//
// requests counts those that are being answered, and pages those with an open
// receiver stream. A page whose tab is hidden for long or has been closed has
// none, and Doors may still wait for it. The question itself is not counted,
// and the app does not see it.
func WithReadyPath(path string) Option {
	return func(s *settings) { s.readyPath = path }
}

// WithListener sets where to accept connections, in place of server.Addr: a
// listener of crypto/tls, say, or one that was handed over. [Serve] closes it.
func WithListener(listener net.Listener) Option {
	return func(s *settings) { s.listener = listener }
}

// WithOrders sets where orders to stop come from, in place of SIGTERM and
// SIGINT. The first value begins the drain, and the second ends the server at
// once. To close the channel is one order.
func WithOrders(orders <-chan os.Signal) Option {
	return func(s *settings) { s.orders = orders }
}

// notify takes the signals of the process, until stop is called.
func notify() (orders <-chan os.Signal, stop func()) {
	signals := make(chan os.Signal, 2) // a second one that comes at once counts
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return signals, func() { signal.Stop(signals) }
}
