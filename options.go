package doorscaddy

import (
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Option changes a default of [Serve].
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

// WithDelay sets the time from the signal to the call of the app's Drain. The
// default is 2 s. During the delay, requests that are already on their way
// arrive, and every proxy learns that the pod is draining. A page that no other
// pod can take is still served, and restarts the delay. So a single pod keeps
// serving until its successor is found. If such pages are rare, set the delay
// to the start-up time of the successor plus the time for which name servers
// cache (often 30 s).
func WithDelay(delay time.Duration) Option {
	return func(s *settings) { s.delay = delay }
}

// WithLimit sets how long the drain may last from the signal on. With the
// default, 0, it lasts as long as pages are open. At the limit the server stops listening, so
// that pages reload elsewhere, and answers under way get 5 s to end. Keep the
// limit at least that much below the time after which the process is killed,
// such as terminationGracePeriodSeconds in Kubernetes.
func WithLimit(limit time.Duration) Option {
	return func(s *settings) { s.limit = limit }
}

// WithReadyPath sets the path of the readiness probe. The default is /readyz,
// and "" disables it. A GET gets 200, or 503 once the server is draining. The
// body is JSON with what is left to do:
//
//	{"draining":true,"requests":3,"pages":2}
//
// Here requests is the number of requests in the app, and pages the number of
// pages with an open receiver stream. A page in a closed or long hidden tab has
// no stream, but Doors may still wait for it. The probe itself is not counted
// and does not reach the app.
func WithReadyPath(path string) Option {
	return func(s *settings) { s.readyPath = path }
}

// WithListener sets the listener, in place of server.Addr: for example one of
// crypto/tls, or an inherited one. [Serve] closes it.
func WithListener(listener net.Listener) Option {
	return func(s *settings) { s.listener = listener }
}

// WithOrders sets the source of orders to stop, in place of SIGTERM and SIGINT.
// The first value starts the drain, and the second ends the server at once.
// Closing the channel counts as one order.
func WithOrders(orders <-chan os.Signal) Option {
	return func(s *settings) { s.orders = orders }
}

// notify relays the signals of the process until stop is called.
func notify() (orders <-chan os.Signal, stop func()) {
	signals := make(chan os.Signal, 2) // room for a second one that follows at once
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return signals, func() { signal.Stop(signals) }
}
