// In: a handler whose pods are dialled by address.
// Out: the same handler, with the configured host where a name matters: in TLS and in the Host header.

package caddydoors

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// The host of the server whose pod was chosen, and the host with the port: as configured, without a final dot. The dot says how to look the name
// up; no certificate has it, and no app expects it.
const (
	hostPlaceholder     = placeholderPrefix + "host"
	hostportPlaceholder = placeholderPrefix + "hostport"
)

// keepNames replaces what users write who want the upstream's own name as the Host, and what Caddy does for TLS upstreams.
// It holds the address that is dialled, which was a name before the source resolved it.
var keepNames = strings.NewReplacer(
	"{http.reverse_proxy.upstream.hostport}", "{"+hostportPlaceholder+"}",
	"{http.reverse_proxy.upstream.host}", "{"+hostPlaceholder+"}",
)

// keepHostNames makes up for what is lost when the source resolves a host and Caddy dials the address: certificates are
// issued for the name, and the app expects it as the Host. It must run before the handler is provisioned, since
// the transport reads its server name only then.
func keepHostNames(h *reverseproxy.Handler) error {
	usesTLS, err := nameServerInTLS(h)
	if err != nil {
		return err
	}
	if h.Headers != nil && h.Headers.Request != nil {
		for _, values := range []http.Header{h.Headers.Request.Set, h.Headers.Request.Add} {
			for name, texts := range values {
				for i := range texts {
					if strings.EqualFold(name, "Host") {
						texts[i] = keepNames.Replace(texts[i])
					}
				}
			}
		}
	}
	if !usesTLS || touchesHost(h.Headers) {
		return nil
	}
	if h.Headers == nil {
		h.Headers = new(headers.Handler)
	}
	if h.Headers.Request == nil {
		h.Headers.Request = new(headers.HeaderOps)
	}
	if h.Headers.Request.Set == nil {
		h.Headers.Request.Set = make(http.Header)
	}
	h.Headers.Request.Set.Set("Host", "{"+hostportPlaceholder+"}")
	return nil
}

// nameServerInTLS gives a TLS transport without a server name that of the configured host. It returns whether the transport
// uses TLS.
func nameServerInTLS(h *reverseproxy.Handler) (bool, error) {
	transport, err := jsonMembers(h.TransportRaw)
	if err != nil {
		return false, errors.New(`transport: must be an object such as {"protocol": "http"}`)
	}
	tlsKey, found := memberKey(transport, "tls")
	if !found || string(transport[tlsKey]) == "null" {
		return false, nil
	}
	tls, err := jsonMembers(transport[tlsKey])
	if err != nil {
		return false, errors.New("transport: tls: must be an object, {} for Caddy's defaults")
	}
	if _, found := memberKey(tls, "server_name"); found {
		return true, nil
	}
	tls["server_name"] = json.RawMessage(`"{` + hostPlaceholder + `}"`)
	if transport[tlsKey], err = json.Marshal(tls); err != nil {
		return false, err
	}
	h.TransportRaw, err = json.Marshal(transport)
	return true, err
}

// touchesHost tells whether the user changes the Host header.
func touchesHost(handler *headers.Handler) bool {
	if handler == nil || handler.Request == nil {
		return false
	}
	ops := handler.Request
	names := slices.Concat(slices.Collect(maps.Keys(ops.Add)), slices.Collect(maps.Keys(ops.Set)), slices.Collect(maps.Keys(ops.Replace)), ops.Delete)
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, "Host") })
}

// jsonMembers splits a JSON object into its members; no JSON at all has none.
func jsonMembers(object json.RawMessage) (map[string]json.RawMessage, error) {
	if len(object) == 0 {
		return nil, nil
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal(object, &members)
	return members, err
}

// memberKey finds a member the way Go's JSON decoder does: in any case.
func memberKey(members map[string]json.RawMessage, name string) (key string, found bool) {
	for key := range members {
		if strings.EqualFold(key, name) {
			return key, true
		}
	}
	return "", false
}
