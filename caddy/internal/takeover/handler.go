// In: the JSON of a reverse_proxy handler.
// Out: the handler of package proxy, and errors without what may be a key.

package takeover

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
)

// Handler is the handler of package proxy, with the documented configuration.
type Handler struct {
	proxy.Handler

	// suspects are texts of the JSON that may be a key in a wrong place. Errors must not show them. nil when provisioned.
	suspects []string
}

// CaddyModule returns the module's registration. It has the ID of Caddy's own handler, which it replaces.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  handlerID,
		New: func() caddy.Module { return new(Handler) },
	}
}

// UnmarshalJSON decodes as strictly as Caddy does for the handlers it loads, after it has moved a documented source
// from "upstreams" to "dynamic_upstreams". All that can be wrong before Caddy's handler is provisioned is found here: Caddy calls
// Cleanup also after a Provision that failed, and the Cleanup of its handler panics if its Provision was not called.
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
	if config.SourceOf(h.DynamicUpstreamsRaw) != config.SourceName {
		return nil
	}
	return redact.Error(config.KeepHostNames(h.ReverseProxy()), h.suspects)
}

// moveDocumentedSource turns {"upstreams": {"source": "doors_upstream", ...}} into {"dynamic_upstreams": {...}}.
// Everything else comes back as it was, so that Caddy's own errors stay Caddy's own.
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
	if !found || config.SourceOf(members[key]) != config.SourceName {
		return text, checkSource(key, members[key])
	}
	if hasOther {
		return nil, fmt.Errorf("both %q and %q name a source of upstreams: with %s there can be no other", key, other, config.SourceName)
	}
	members["dynamic_upstreams"] = members[key]
	delete(members, key)
	return json.Marshal(members)
}

// checkSource refuses the value of a member that was meant to be our source and is spelled in another way. Caddy's own error would
// show all of it, the secret too, or not say what is right.
func checkSource(key string, text json.RawMessage) error {
	var list []map[string]json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		for i, element := range list {
			if _, found := element["source"]; found {
				return fmt.Errorf("%s[%d]: a source of upstreams is not an element of a list; write %q: {\"source\": %q, ...}", key, i, key, config.SourceName)
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
	var sources []json.RawMessage // of multi
	if json.Unmarshal(members["sources"], &sources) == nil {
		for i, source := range sources {
			if err := checkSource(fmt.Sprintf("%s.sources[%d]", key, i), source); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSourceName refuses the name of a source of upstreams that Caddy does not know and that was meant to be ours, or is a key.
// Caddy would show it, and not say what is right. Any other name is left to Caddy.
func checkSourceName(name string, hasSecret bool) error {
	meant := hasSecret || strings.Contains(strings.ToLower(name), "door") || redact.MayHoldKey(name)
	if name == config.SourceName || !meant {
		return nil
	}
	if _, err := caddy.GetModule("http.reverse_proxy.upstreams." + name); err == nil {
		return nil
	}
	return fmt.Errorf("there is no source of upstreams %s; did you mean %s?", config.Quoted(name), config.SourceName)
}

// Provision provisions the handler. Its errors show no key.
func (h *Handler) Provision(ctx caddy.Context) error {
	err := redact.Error(h.Handler.Provision(ctx), h.suspects)
	h.suspects = nil
	return err
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
	_ json.Unmarshaler            = (*Handler)(nil)
)
