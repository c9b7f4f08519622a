// In: a handler whose transport speaks TLS and whose pods are dialled by address.
// Out: the same handler, with the server name and the Host header of the configured host where the user set none.

package caddydoors

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// nameServersInTLS makes up for what is lost when the source resolves a host and Caddy dials the address: certificates are
// issued for the name, and the app expects it as the Host. It must run before the handler is provisioned, since
// the transport reads its server name only then.
func nameServersInTLS(h *reverseproxy.Handler) error {
	transport, err := jsonMembers(h.TransportRaw)
	if err != nil {
		return fmt.Errorf("transport: %w", err)
	}
	tlsKey, found := memberKey(transport, "tls")
	if !found || string(transport[tlsKey]) == "null" {
		return nil
	}
	tls, err := jsonMembers(transport[tlsKey])
	if err != nil {
		return fmt.Errorf("transport: tls: %w", err)
	}
	if _, found := memberKey(tls, "server_name"); !found {
		tls["server_name"] = json.RawMessage(`"{` + hostPlaceholder + `}"`)
		if transport[tlsKey], err = json.Marshal(tls); err != nil {
			return err
		}
		if h.TransportRaw, err = json.Marshal(transport); err != nil {
			return err
		}
	}
	if h.Headers == nil {
		h.Headers = new(headers.Handler)
	}
	if h.Headers.Request == nil {
		h.Headers.Request = new(headers.HeaderOps)
	}
	if request := h.Headers.Request; !touchesHost(request) {
		if request.Set == nil {
			request.Set = make(http.Header)
		}
		request.Set["Host"] = []string{"{" + hostportPlaceholder + "}"}
	}
	return nil
}

func touchesHost(ops *headers.HeaderOps) bool {
	isHost := func(name string) bool { return strings.EqualFold(name, "Host") }
	for _, fields := range []http.Header{ops.Add, ops.Set} {
		for name := range fields {
			if isHost(name) {
				return true
			}
		}
	}
	for name := range ops.Replace {
		if isHost(name) {
			return true
		}
	}
	return slices.ContainsFunc(ops.Delete, isHost)
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
