// In: a handler whose pods are dialled by address.
// Out: the same handler, with the configured host where a name matters: in TLS and in the Host header.

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

// PlaceholderPrefix begins the placeholders of a request.
const PlaceholderPrefix = "http.doors."

// The host of the upstream whose pod was chosen, and the host with the port: as configured, without a final dot. The dot says how to look the name
// up; no certificate has it, and no app expects it.
const (
	hostPlaceholder     = PlaceholderPrefix + "host"
	hostportPlaceholder = PlaceholderPrefix + "hostport"
)

// keepNames replaces what users write who want the upstream's own name as the Host, and what Caddy does for TLS upstreams.
// It holds the address that is dialled, which was a name before the source resolved it.
var keepNames = strings.NewReplacer(
	"{http.reverse_proxy.upstream.hostport}", "{"+hostportPlaceholder+"}",
	"{http.reverse_proxy.upstream.host}", "{"+hostPlaceholder+"}",
)

// KeepHostNames makes up for what is lost when the source resolves a host and Caddy dials the address: certificates are
// issued for the name, and the app expects it as the Host. It must run before the handler is provisioned, since
// the transport reads its server name only then.
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

// nameServerInTLS gives a TLS transport without a server name that of the configured host. It returns whether the transport
// uses TLS.
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

// Touches tells whether an operation changes or removes a field, or is one of the others.
func Touches(ops *headers.HeaderOps, field string, others http.Header) bool {
	names := slices.Concat(slices.Collect(maps.Keys(ops.Set)), slices.Collect(maps.Keys(ops.Replace)), slices.Collect(maps.Keys(others)), ops.Delete)
	return slices.ContainsFunc(names, func(name string) bool {
		matches, err := path.Match(strings.ToLower(name), strings.ToLower(field)) // names may hold wildcards
		return err == nil && matches
	})
}
