// In: a handler that has been provisioned for the command line and serves nobody.
// Out: what it says about its source, what a host resolves to, and a page of a pod.

package caddydoors

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/command"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/go"
)

// loadedHandler is a handler with what it has logged about its options.
type loadedHandler struct {
	*Handler
	warnings []warning
}

func (h loadedHandler) describe(found placed) (command.Loaded, error) {
	document, err := resolvePlaceholders(found.config)
	if err != nil {
		return command.Loaded{}, err
	}
	source, err := sourceForCommands(found.place, h.source.router, document)
	if err != nil {
		return command.Loaded{}, err
	}
	loaded := command.Loaded{
		Source: source, Warnings: h.source.router.Warnings(),
		Resolve: h.resolve, Page: h.page,
	}
	for _, w := range h.warnings {
		loaded.Warnings = append(loaded.Warnings, w.option+": "+w.reason)
	}
	slices.Sort(loaded.Warnings)
	if h.source.notice != "" {
		loaded.Notices = []string{h.source.notice}
	}
	if transport, ok := h.Transport.(transport); ok {
		loaded.DialTimeout = time.Duration(transport.DialTimeout)
	}
	return loaded, nil
}

// resolve looks up the host of a server, for as long as the context lasts.
func (h loadedHandler) resolve(ctx context.Context, server int) ([]netip.Addr, error) {
	for {
		addresses, err := h.source.servers[server].host.Addresses(ctx)
		var failure *hosts.Error
		pending := errors.As(err, &failure) && failure.Kind == dns.Pending
		if !pending || ctx.Err() != nil {
			return addresses, err
		}
	}
}

// page fetches / from one pod, as a request for a page of that pod would be proxied.
func (h loadedHandler) page(ctx context.Context, server int, address netip.Addr) (int, http.Header, []byte, error) {
	at := h.source.servers[server]
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.hostport+"/", nil)
	if err != nil {
		return 0, nil, nil, err
	}
	r.RemoteAddr = "127.0.0.1:0"
	var page capture
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), &page, new(caddyhttp.Server))
	serving := &request{
		source:   h.source,
		decision: doors.Decision{Kind: doors.Pod, Upstream: server, Addr: address, Port: at.port, Path: doors.PathOther},
		pod:      [1]pod{at.podAt(address)},
	}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, serving))
	if err := h.pods.ServeHTTP(&page, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })); err != nil {
		return 0, nil, nil, err
	}
	if page.status == 0 {
		return 0, nil, nil, errors.New("no answer")
	}
	return page.status, page.Header(), page.body.Bytes(), nil
}

// maxPage is how much of a page is kept, in bytes: its token stands in its head.
const maxPage = 1 << 20

// capture keeps an answer.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the header of the answer.
func (c *capture) Header() http.Header {
	if c.header == nil {
		c.header = make(http.Header)
	}
	return c.header
}

// WriteHeader keeps the status.
func (c *capture) WriteHeader(status int) {
	if c.status == 0 && status >= http.StatusOK {
		c.status = status
	}
}

// Write keeps the beginning of the body.
func (c *capture) Write(text []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.body.Write(text[:min(len(text), max(0, maxPage-c.body.Len()))])
	return len(text), nil
}
