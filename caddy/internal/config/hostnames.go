package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// PlaceholderPrefix is the prefix of the request placeholders.
const PlaceholderPrefix = "http.doors."

// The placeholders for the configured host of the chosen pod, without and with the port. A final
// dot is removed: it only affects lookups, and is neither in certificates nor expected by apps.
const (
	hostPlaceholder     = PlaceholderPrefix + "host"
	hostportPlaceholder = PlaceholderPrefix + "hostport"
)

// keepNames replaces the placeholders that hold the dialled address, which the source has resolved.
// Users write them to send the upstream's own name as the Host, and Caddy does so for TLS
// upstreams.
var keepNames = strings.NewReplacer(
	"{http.reverse_proxy.upstream.hostport}", "{"+hostportPlaceholder+"}",
	"{http.reverse_proxy.upstream.host}", "{"+hostPlaceholder+"}",
)

// KeepHostNames restores the host names that are lost because the source resolves hosts itself and
// Caddy dials addresses. Certificates are issued for the name, and the app expects it as the Host.
// It must run before the handler is provisioned, since the transport reads its server name then.
func KeepHostNames(h *reverseproxy.Handler) error {
	usesTLS, err := nameServerInTLS(h)
	if err != nil {
		return err
	}
	if usesTLS {
		h.Headers = cmp.Or(h.Headers, new(headers.Handler))
		h.Headers.Request = cmp.Or(h.Headers.Request, new(headers.HeaderOps))
		if ops := h.Headers.Request; !Touches(ops, "Host", ops.Add) {
			if ops.Set == nil {
				ops.Set = make(http.Header)
			}
			ops.Set.Set("Host", "{"+hostportPlaceholder+"}")
		}
	}
	if h.Headers == nil || h.Headers.Request == nil {
		return nil
	}
	for _, values := range []http.Header{h.Headers.Request.Set, h.Headers.Request.Add} {
		for name, texts := range values {
			for i := range texts {
				if strings.EqualFold(name, "Host") {
					texts[i] = keepNames.Replace(texts[i])
				}
			}
		}
	}
	return nil
}

// nameServerInTLS sets the server name of a TLS transport to the configured host, unless it has
// one. It reports whether the transport uses TLS.
func nameServerInTLS(h *reverseproxy.Handler) (bool, error) {
	transport, err := Members(h.TransportRaw)
	if err != nil {
		return false, errors.New(`transport: must be an object such as {"protocol": "http"}`)
	}
	tlsKey, found := MemberKey(transport, "tls")
	if !found || string(transport[tlsKey]) == "null" {
		return false, nil
	}
	tls, err := Members(transport[tlsKey])
	if err != nil {
		return false, errors.New("transport: tls: must be an object, {} for Caddy's defaults")
	}
	if _, found := MemberKey(tls, "server_name"); found {
		return true, nil
	}
	tls["server_name"] = json.RawMessage(`"{` + hostPlaceholder + `}"`)
	if transport[tlsKey], err = json.Marshal(tls); err == nil {
		h.TransportRaw, err = json.Marshal(transport)
	}
	return true, err
}

// Touches reports whether the operations change or delete a field. others are further operations on
// fields, by name.
func Touches(ops *headers.HeaderOps, field string, others http.Header) bool {
	names := slices.Concat(slices.Collect(maps.Keys(ops.Set)), slices.Collect(maps.Keys(ops.Replace)), slices.Collect(maps.Keys(others)), ops.Delete)
	return slices.ContainsFunc(names, func(name string) bool {
		matches, err := path.Match(strings.ToLower(name), strings.ToLower(field)) // names may contain wildcards
		return err == nil && matches
	})
}
