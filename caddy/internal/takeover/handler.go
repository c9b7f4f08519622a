package takeover

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/original"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
)

// Handler is [proxy.Handler] with the documented JSON.
type Handler struct {
	proxy.Handler

	// suspects are strings of the JSON that may be keys in the wrong place. Errors must not show
	// them. It is nil once provisioned.
	suspects []string

	// original takes the place of the handler above where the source is doors_upstreams. It is nil
	// for all others.
	original *original.Proxy
}

// CaddyModule returns the Caddy module information. The ID is that of Caddy's own handler, which
// this one replaces.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  handlerID,
		New: func() caddy.Module { return new(Handler) },
	}
}

// UnmarshalJSON moves a documented source from "upstreams" to "dynamic_upstreams" and then decodes
// as strictly as Caddy does. It finds all errors that can be found before Caddy's handler is
// provisioned. Caddy calls Cleanup also after a failed Provision, and the Cleanup of its handler
// panics if its own Provision has not run.
func (h *Handler) UnmarshalJSON(text []byte) error {
	text, err := moveDocumentedSource(text)
	if err != nil {
		return err
	}
	if bytes.Contains(text, []byte(config.SourceName)) {
		h.suspects = redact.Texts(text)
	}
	if err := redact.Error(caddy.StrictUnmarshalJSON(text, h.ReverseProxy()), h.suspects); err != nil {
		return err
	}
	switch config.SourceOf(h.DynamicUpstreamsRaw) {
	case config.SourceName:
		return redact.Error(config.KeepHostNames(h.ReverseProxy()), h.suspects)
	case original.SourceName:
		h.original, err = original.NewProxy(text)
	}
	return err
}

// isOurs reports whether a source of upstreams has one of our names.
func isOurs(name string) bool { return name == config.SourceName || name == original.SourceName }

// moveDocumentedSource turns {"upstreams": {"source": "doors_upstream", ...}} into
// {"dynamic_upstreams": {...}}. It returns all else unchanged, so that Caddy reports its errors as
// usual.
func moveDocumentedSource(text []byte) ([]byte, error) {
	members, err := config.Members(text)
	if err != nil {
		return text, nil
	}
	other, hasOther := config.MemberKey(members, "dynamic_upstreams")
	if err := checkSource(other, members[other]); err != nil {
		return nil, err
	}
	key, found := config.MemberKey(members, "upstreams")
	if !found || !isOurs(config.SourceOf(members[key])) {
		return text, checkSource(key, members[key])
	}
	if hasOther {
		return nil, fmt.Errorf("%q and %q are both set: %s must be the only source of upstreams; remove the other one", key, other, config.SourceName)
	}
	members["dynamic_upstreams"] = members[key]
	delete(members, key)
	return json.Marshal(members)
}

// checkSource rejects a value that was meant to be our source but is not spelled as one. Caddy's
// own error would show all of it, with the secret, or would not say what is right.
func checkSource(key string, text json.RawMessage) error {
	var list []map[string]json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		for i, element := range list {
			if _, found := element["source"]; found {
				return fmt.Errorf("%s[%d]: a source of upstreams cannot be an element of a list; write %q: {\"source\": %q, ...}", key, i, key, config.SourceName)
			}
		}
		return nil
	}
	members, err := config.Members(text)
	if err != nil {
		return nil
	}
	_, hasSecret := members["secret"]
	name := config.SourceOf(text)
	if name == "" && (hasSecret || redact.MayHoldKey(string(text))) {
		return fmt.Errorf("%s: source is required; with a secret it must be %q", key, config.SourceName)
	}
	if err := checkSourceName(name, hasSecret); name != "" && err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	var sources []json.RawMessage // of a `multi` source
	if json.Unmarshal(members["sources"], &sources) == nil {
		for i, source := range sources {
			if err := checkSource(fmt.Sprintf("%s.sources[%d]", key, i), source); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSourceName rejects an unknown source name that was meant to be ours, or that is a key.
// Caddy's own error would show it and would not say what is right. All other names are left to
// Caddy.
func checkSourceName(name string, hasSecret bool) error {
	meant := hasSecret || strings.Contains(strings.ToLower(name), "door") || redact.MayHoldKey(name)
	if name == config.SourceName || !meant {
		return nil
	}
	if _, err := caddy.GetModule("http.reverse_proxy.upstreams." + name); err == nil {
		return nil
	}
	return fmt.Errorf("unknown source of upstreams %s; did you mean %s?", config.Quoted(name), config.SourceName)
}

// Provision provisions the handler. Its errors show no key.
func (h *Handler) Provision(ctx caddy.Context) error {
	provision := h.Handler.Provision
	if h.original != nil {
		provision = h.original.Provision
	}
	err := redact.Error(provision(ctx), h.suspects)
	h.suspects = nil
	return err
}

// ServeHTTP proxies the request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.original != nil {
		return h.original.ServeHTTP(w, r, next)
	}
	return h.Handler.ServeHTTP(w, r, next)
}

// Cleanup frees what Provision acquired.
func (h *Handler) Cleanup() error {
	if h.original != nil { // Caddy cleans up what it has loaded
		return nil
	}
	return h.Handler.Cleanup()
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
	_ json.Unmarshaler            = (*Handler)(nil)
)
