// In: the JSON of a doors_upstream source.
// Out: its router, its options, and what may be shown of it.

package config

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/routing"
)

const (
	// SourceName is the name of the source of upstreams.
	SourceName = "doors_upstream"
	// Directive is that of the handler, in a Caddyfile and in JSON.
	Directive = "reverse_proxy"
)

// Source is what a configuration says about a source of upstreams.
type Source struct {
	// The AES keys of the tokens: one to eight, separated by white space, each in standard base64 of 16, 24 or 32 bytes
	// (`openssl rand -base64 32`). All of them open tokens. Required.
	Secret string `json:"secret,omitempty"`

	// The name of the cookie in which the app keeps the token of the pod that a browser last got a page from.
	// Required with more than one upstream.
	CookieName string `json:"cookie_name,omitempty"`

	// The upstreams: each a set of pods that can stand in for each other. Required.
	Upstreams []Upstream `json:"upstreams,omitempty"`

	Options

	// text is the source's JSON as it was loaded. The library reads it, so that one parser reports all mistakes.
	text json.RawMessage
}

// Upstream is one upstream of a Source: where its pods live and how new pages reach it.
type Upstream struct {
	// The range of the pods' addresses, such as 10.0.0.0/24 or fd00:1::/64. Either this or `cidrs` is required.
	CIDR string `json:"cidr,omitempty"`

	// The ranges of the pods' addresses, where there is more than one.
	CIDRs []string `json:"cidrs,omitempty"`

	// The DNS name (best of a headless service) or IP address at which the upstream's fresh pods are found. Either this or `hosts` is
	// required.
	Host string `json:"host,omitempty"`

	// The names and addresses at which the upstream's fresh pods are found, where there is more than one: those of all of them.
	Hosts []string `json:"hosts,omitempty"`

	// The TCP port of the pods, 1 to 65535, or a placeholder for it. Required.
	Port caddyhttp.WeakString `json:"port,omitempty"`
}

// UnmarshalJSON keeps the JSON for Load. It is decoded only there, by the library: it knows where in the document
// a mistake is, and which values must not be repeated in an error.
func (s *Source) UnmarshalJSON(config []byte) error {
	s.text = bytes.Clone(config)
	return nil
}

// Text is the source's JSON.
func (s *Source) Text() json.RawMessage { return s.text }

// Forget lets go of the JSON: it may be large and holds the secret.
func (s *Source) Forget() { s.text = nil }

// Loaded is what the JSON of a source means, with the values of all placeholders.
type Loaded struct {
	Options
	Router *routing.Router

	// Lookups say where hosts are looked up.
	Lookups dns.Options

	// CookieName, and the CIDRs and hosts of each upstream, may be shown.
	CookieName   string
	CIDRs, Hosts [][]string

	// Notice is what is to be said about the configuration that is no fault, "" if nothing is.
	Notice string
}

// Load reads the JSON of a source. It gives the library its part, which checks that and makes the router.
func Load(text json.RawMessage, route func(config []byte, loaded *Loaded) (*routing.Router, error)) (*Loaded, error) {
	document, err := decodeObject(text)
	if err != nil {
		return nil, err
	}
	loaded := new(Loaded)
	if holdsSecret(document["secret"]) {
		loaded.Notice = literalSecret
	}
	if _, err := resolvePlaceholders(caddy.NewReplacer(), "", document); err != nil {
		return nil, err
	}
	if loaded.Options, err = takeOptions(document); err != nil {
		return nil, err
	}
	if loaded.Lookups, err = loaded.lookups(); err != nil {
		return nil, err
	}
	config, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	if loaded.Router, err = route(config, loaded); err != nil {
		return nil, err
	}
	loaded.CookieName, _ = document["cookie_name"].(string)
	loaded.CIDRs, loaded.Hosts = listsOf(document, "cidr"), listsOf(document, "host")
	return loaded, nil
}

// Decide is for Load, where a router is only to decide about requests.
func Decide(config []byte, _ *Loaded) (*routing.Router, error) { return routing.NewRouter(config) }

// listsOf takes from each upstream of a configuration that the library has accepted what stands there alone or in a list, such as
// "cidr" or "cidrs".
func listsOf(document map[string]any, name string) (all [][]string) {
	for _, upstream := range document["upstreams"].([]any) {
		var texts []string
		members := upstream.(map[string]any)
		several, _ := members[name+"s"].([]any)
		if one, ok := members[name]; ok {
			several = []any{one}
		}
		for _, text := range several {
			texts = append(texts, text.(string))
		}
		all = append(all, texts)
	}
	return all
}

// Members splits a JSON object into its members; no JSON at all has none.
func Members(object json.RawMessage) (map[string]json.RawMessage, error) {
	if len(object) == 0 {
		return nil, nil
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal(object, &members)
	return members, err
}

// MemberKey finds a member the way Go's JSON decoder does: in any case.
func MemberKey(members map[string]json.RawMessage, name string) (key string, found bool) {
	for key := range members {
		if strings.EqualFold(key, name) {
			return key, true
		}
	}
	return "", false
}

// SourceOf returns the name of the upstream source that a JSON object configures, "" if it is no such object. It looks for the
// very member that Caddy looks for, in lower case.
func SourceOf(config json.RawMessage) (name string) {
	members, err := Members(config)
	if err != nil || json.Unmarshal(members["source"], &name) != nil {
		return ""
	}
	return name
}
