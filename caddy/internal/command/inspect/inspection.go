// In: a handler that has been provisioned for the command line and serves nobody.
// Out: what it says about its source, what a host resolves to, and a page of a pod.

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

// loadedHandler is a handler with what it has logged about its options.
type loadedHandler struct {
	*proxy.Handler
	warnings []config.Warning
}

// reads tells whether the source of the handler was made of this JSON.
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

// resolve looks up a host, for as long as the context lasts.
func (h loadedHandler) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	return dns.LookUp(ctx, h.Source().Loaded().Lookups, host)
}

// page fetches / from one pod, as a request for a page of that pod would be proxied.
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
