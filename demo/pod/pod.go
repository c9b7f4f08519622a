// Package pod is a stand-in for a Doors server process. It answers the HTTP traffic of a Doors
// page, request by request, without being a web framework. The demo and the end-to-end tests use
// it.
//
// A Pod speaks HTTP/1.1 without TLS, as Doors does behind a proxy. Every Pod is one "process": it
// has its own token, sessions and instances, which it shares with no other Pod.
//
// A Pod is safe for concurrent use.
package pod

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
)

// Pod is a running stand-in server process.
type Pod struct {
	config Config
	token  string

	server   *http.Server
	listener *countingListener
	address  netip.AddrPort
	orders   chan os.Signal // for doorscaddy.Serve: the first starts the drain, the second ends it
	draining chan struct{}  // closed when the drain has begun
	ended    chan struct{}  // closed when the pod has ended
	err      error          // the result; read after ended is closed

	resources map[string]resource
	script    string // file name of the page's script under /r/

	counters counters
	requests atomic.Uint64

	mu        sync.Mutex
	sessions  map[string]*session
	instances int
	drain     drain
}

// Start starts a pod, which serves in the background. It fails if the secret is invalid or the pod
// cannot listen on the address.
func Start(config Config) (*Pod, error) {
	config.fill()
	cipher, err := doorscaddy.NewTokenCipher(config.Secret)
	if err != nil {
		return nil, fmt.Errorf("pod: secret: %w", err)
	}
	var listen net.ListenConfig
	inner, err := listen.Listen(context.Background(), "tcp", config.Address.String())
	if err != nil {
		return nil, fmt.Errorf("pod: %w", err)
	}
	p := &Pod{
		config:   config,
		token:    cipher.Encode(config.Address.Addr()),
		orders:   make(chan os.Signal, 2),
		draining: make(chan struct{}),
		ended:    make(chan struct{}),
		sessions: map[string]*session{},
	}
	p.address = inner.Addr().(*net.TCPAddr).AddrPort()
	p.listener = &countingListener{Listener: inner, accepted: &p.counters.connections}
	p.resources, p.script = loadResources()
	p.server = &http.Server{ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(p.ended)
		if config.Unmarked {
			p.err = p.serveUnmarked()
			return
		}
		p.err = doorscaddy.Serve(p.server, app{p},
			doorscaddy.WithListener(p.listener), doorscaddy.WithOrders(p.orders), doorscaddy.WithDelay(config.Delay))
	}()
	return p, nil
}

// Address returns the IP address and port on which the pod listens.
func (p *Pod) Address() netip.AddrPort { return p.address }

// Name returns the name given in Config, or the address.
func (p *Pod) Name() string { return p.config.Name }

// Generation returns the release of the pod, as given in Config.
func (p *Pod) Generation() string { return p.config.Generation }

// Token returns the pod's token, made once at start: the ID in /~/ID/ and the value of the sticky
// cookie.
func (p *Pod) Token() string { return p.token }

// SessionCookie returns the name of the session cookie, which contains the token.
func (p *Pod) SessionCookie() string { return p.config.CookiePrefix + p.token }

// countingListener counts accepted connections.
type countingListener struct {
	net.Listener
	accepted *atomic.Uint64
}

func (l *countingListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return connection, err
}
