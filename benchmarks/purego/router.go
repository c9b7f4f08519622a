// Package purego makes the same decisions as the library, in simple pure Go: it uses the token
// cipher for apps, cookies of net/http, and a scan of all prefixes. It exists only for comparison.
package purego

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/routing"
)

// Router decides where requests go. It is immutable and safe for concurrent use.
type Router struct {
	ciphers  []doorscaddy.Cipher // one for each key
	cookie   string
	ports    []uint16 // of the upstreams
	networks []network
}

// network is a CIDR of an upstream.
type network struct {
	prefix   netip.Prefix
	upstream int
}

// maxCookies is how many cookies of the configured name are tried.
const maxCookies = 8

// NewRouter returns a router for a valid configuration in the library's JSON.
func NewRouter(config []byte) (*Router, error) {
	var parsed struct {
		Secret     string
		CookieName string `json:"cookie_name"`
		Upstreams  []struct {
			CIDR  string
			CIDRs []string
			Port  uint16
		}
	}
	if err := json.Unmarshal(config, &parsed); err != nil {
		return nil, err
	}
	r := &Router{cookie: parsed.CookieName}
	for key := range strings.FieldsSeq(parsed.Secret) {
		cipher, err := doorscaddy.NewCipher(key)
		if err != nil {
			return nil, err
		}
		r.ciphers = append(r.ciphers, cipher)
	}
	for i, upstream := range parsed.Upstreams {
		r.ports = append(r.ports, upstream.Port)
		if upstream.CIDR != "" {
			upstream.CIDRs = append(upstream.CIDRs, upstream.CIDR)
		}
		for _, cidr := range upstream.CIDRs {
			prefix, err := netip.ParsePrefix(cidr)
			if err != nil {
				return nil, err
			}
			if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
				prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
			}
			r.networks = append(r.networks, network{prefix, i})
		}
	}
	// The longest first, so that the first match is the right one.
	slices.SortStableFunc(r.networks, func(a, b network) int { return b.prefix.Bits() - a.prefix.Bits() })
	return r, nil
}

// absoluteForm matches what precedes the path in a target in absolute form.
var absoluteForm = regexp.MustCompile(`\A[A-Za-z][A-Za-z0-9+.-]*://[^/]*`)

// Decide decides about a request. path is the escaped path or the whole request target.
func (r *Router) Decide(path string, request *http.Request) routing.Decision {
	path, _, _ = strings.Cut(path, "?")
	if !strings.HasPrefix(path, "/") {
		if absolute := absoluteForm.FindString(path); absolute != "" {
			path = path[len(absolute):]
		}
	}
	if rest, found := strings.CutPrefix(path, "/~/"); found {
		if token, rest, _ := strings.Cut(rest, "/"); token != "" {
			return r.system(token, pathOf(rest))
		}
	}
	cookies := request.CookiesNamed(r.cookie)
	tried := 0
	for _, cookie := range cookies {
		if len(cookie.Value) != 43 && len(cookie.Value) != 59 {
			continue
		}
		if tried++; tried > maxCookies {
			break
		}
		address, key, err := r.open(cookie.Value)
		if err != nil {
			continue
		}
		if upstream := r.upstream(address); upstream >= 0 {
			return routing.Decision{Kind: routing.Upstream, Reason: routing.ReasonCookie, Upstream: upstream, Key: key, Port: r.ports[upstream], Addr: address}
		}
	}
	switch {
	case len(r.ports) == 1:
		return routing.Decision{Kind: routing.Upstream, Reason: routing.ReasonOnlyUpstream, Key: -1, Port: r.ports[0]}
	case len(cookies) > 0:
		return routing.Decision{Kind: routing.Any, Reason: routing.ReasonCookieUnusable, Upstream: -1, Key: -1}
	default:
		return routing.Decision{Kind: routing.Any, Reason: routing.ReasonNoCookie, Upstream: -1, Key: -1}
	}
}

func (r *Router) system(token string, path routing.Path) routing.Decision {
	address, key, err := r.open(token)
	if err != nil {
		reason := routing.ReasonRefused
		if errors.Is(err, doorscaddy.ErrorBase64) {
			reason = routing.ReasonMalformed
		}
		return routing.Decision{Kind: routing.Gone, Reason: reason, Upstream: -1, Key: key, Path: path}
	}
	upstream := r.upstream(address)
	if upstream < 0 {
		return routing.Decision{Kind: routing.Gone, Reason: routing.ReasonNoCIDR, Upstream: -1, Key: key, Path: path, Addr: address}
	}
	return routing.Decision{Kind: routing.Pod, Upstream: upstream, Key: key, Port: r.ports[upstream], Path: path, Addr: address}
}

// open returns the address in a token and the index of the key that opened it.
func (r *Router) open(token string) (address netip.Addr, key int, err error) {
	for key, cipher := range r.ciphers {
		if address, err = cipher.Decode(token); err == nil {
			return address, key, nil
		}
	}
	return netip.Addr{}, -1, err
}

// upstream returns the index of the upstream whose networks contain the address, or -1.
func (r *Router) upstream(address netip.Addr) int {
	if address.IsUnspecified() || address.IsMulticast() || address == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return -1
	}
	for i := range r.networks {
		if r.networks[i].prefix.Contains(address) {
			return r.networks[i].upstream
		}
	}
	return -1
}

// pathOf returns the kind of path, given what follows the token.
func pathOf(rest string) routing.Path {
	if len(rest) < 2 || rest[1] != '/' {
		return routing.PathOther
	}
	switch rest[0] {
	case 's':
		return routing.PathSync
	case 'h':
		return routing.PathHook
	case 'u':
		return routing.PathHistory
	case 'r':
		return routing.PathResource
	default:
		return routing.PathOther
	}
}
