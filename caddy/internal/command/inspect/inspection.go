package inspect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
)

// loadedHandler is a handler that was provisioned for the command line, with its warnings.
type loadedHandler struct {
	*proxy.Handler
	warnings []config.Warning
}

// reads reports whether the handler's source was made from this JSON.
func (h loadedHandler) reads(text json.RawMessage) bool {
	return sameSource(h.Source().Text(), text)
}

func (h loadedHandler) describe(place string) Loaded {
	meant := h.Source().Loaded()
	loaded := Loaded{
		Source: sourceOf(place, meant), Warnings: meant.Router.Warnings(), DialTimeout: h.DialTimeout(),
		Resolve: h.resolve, Page: h.page,
	}
	for _, w := range h.warnings {
		loaded.Warnings = append(loaded.Warnings, w.Option+": "+w.Reason)
	}
	slices.Sort(loaded.Warnings)
	if meant.Notice != "" {
		loaded.Notices = []string{meant.Notice}
	}
	return loaded
}

// resolve looks up a host until ctx is done.
func (h loadedHandler) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	return dns.LookUp(ctx, h.Source().Loaded().Lookups, host)
}

// page fetches / from one pod, proxied like a request of one of its pages.
func (h loadedHandler) page(ctx context.Context, upstream int, address netip.Addr) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Source().Upstream(upstream).Hostport+"/", nil)
	if err != nil {
		return 0, nil, nil, err
	}
	r.RemoteAddr = "127.0.0.1:0"
	var page capture
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), &page, new(caddyhttp.Server))
	if err := h.ServePod(&page, r, upstream, address); err != nil {
		return 0, nil, nil, err
	}
	if page.status == 0 {
		return 0, nil, nil, errors.New("no answer")
	}
	return page.status, page.Header(), page.body.Bytes(), nil
}

// maxPage is how much of a page is kept, in bytes. The token is in its head.
const maxPage = 1 << 20

// capture is an http.ResponseWriter that keeps the answer.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header of the answer.
func (c *capture) Header() http.Header {
	if c.header == nil {
		c.header = make(http.Header)
	}
	return c.header
}

// WriteHeader stores the status.
func (c *capture) WriteHeader(status int) {
	if c.status == 0 && status >= http.StatusOK {
		c.status = status
	}
}

// Write stores the beginning of the body.
func (c *capture) Write(text []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.body.Write(text[:min(len(text), max(0, maxPage-c.body.Len()))])
	return len(text), nil
}
