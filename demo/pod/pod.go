// Package pod is a stand-in for a Doors server process: it answers the HTTP
// traffic of a Doors page, request by request, without being a web framework.
// The demo shows routing with it and the end-to-end tests drive it.
//
// A Pod speaks HTTP/1.1 in clear text, as Doors does behind a proxy. Every Pod
// is one "process": it has its own token, sessions and instances, and a session
// or an instance of one Pod is unknown to all others.
//
// All methods of Pod may be called from any goroutine.
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

// Pod is one running stand-in server process.
type Pod struct {
	config Config
	token  string

	server   *http.Server
	listener *countingListener
	address  netip.AddrPort
	orders   chan os.Signal // to doorscaddy.Serve: the first drains, the second ends
	draining chan struct{}  // closed when the drain has begun
	ended    chan struct{}  // closed when the pod has ended
	err      error          // how it ended; read after ended is closed

	resources map[string]resource
	script    string // file name of the page's script under /r/

	counters counters
	requests atomic.Uint64

	mu        sync.Mutex
	sessions  map[string]*session
	instances int
	drain     drain
}

// Start opens the listener of a new pod and serves it in the background.
// It fails when the secret is unusable or the address cannot be listened on.
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

// Address is the IP address and port the pod listens on.
func (p *Pod) Address() netip.AddrPort { return p.address }

// Name is the name given in Config, or the address.
func (p *Pod) Name() string { return p.config.Name }

// Generation is the release that the pod stands for, as given in Config.
func (p *Pod) Generation() string { return p.config.Generation }

// Token is the pod's address, encrypted once when the pod started: the ID in
// /~/ID/ and the value of the sticky cookie.
func (p *Pod) Token() string { return p.token }

// SessionCookie is the name of the session cookie, which contains the token.
func (p *Pod) SessionCookie() string { return p.config.CookiePrefix + p.token }

// countingListener counts accepted connections: what a proxy dialled.
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
