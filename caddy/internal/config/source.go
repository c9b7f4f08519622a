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
	// SourceName is the name of the upstream source.
	SourceName = "doors_upstream"
	// Directive is the name of the handler, in a Caddyfile and in JSON.
	Directive = "reverse_proxy"
)

// Source is the configuration of an upstream source.
type Source struct {
	// The AES keys of the tokens: one to eight, separated by white space, each the standard base64
	// of 16, 24 or 32 bytes (`openssl rand -base64 32`). Each of them decrypts tokens. Required.
	Secret string `json:"secret,omitempty"`

	// The name of the cookie in which the app keeps a token for the pod that served the browser's
	// last page. Required with more than one upstream.
	CookieName string `json:"cookie_name,omitempty"`

	// The upstreams. The pods of one upstream can stand in for each other. Required.
	Upstreams []Upstream `json:"upstreams,omitempty"`

	Options

	// text is the JSON of the source. The library parses it, so that all errors come from one
	// parser.
	text json.RawMessage
}

// Upstream is one upstream of a Source: the addresses that its pods may have, and where to find its
// fresh pods.
type Upstream struct {
	// The range of the pods' addresses, such as 10.0.0.0/24 or fd00:1::/64. Either this or `cidrs`
	// is required.
	CIDR string `json:"cidr,omitempty"`

	// The ranges of the pods' addresses, if there is more than one.
	CIDRs []string `json:"cidrs,omitempty"`

	// The DNS name (ideally of a headless service) or IP address of the upstream's fresh pods.
	// Either this or `hosts` is required.
	Host string `json:"host,omitempty"`

	// The DNS names and IP addresses of the upstream's fresh pods, if there is more than one.
	Hosts []string `json:"hosts,omitempty"`

	// The TCP port of the pods, 1 to 65535, or a placeholder for it. Required.
	Port caddyhttp.WeakString `json:"port,omitempty"`
}

// UnmarshalJSON keeps the JSON for Load, where the library parses it. The library's errors say
// where in the document a mistake is, without showing secrets.
func (s *Source) UnmarshalJSON(config []byte) error {
	s.text = bytes.Clone(config)
	return nil
}

// Text returns the JSON of the source.
func (s *Source) Text() json.RawMessage { return s.text }

// Forget drops the JSON: it may be large, and it contains the secret.
func (s *Source) Forget() { s.text = nil }

// Loaded is a parsed source with all placeholders resolved.
type Loaded struct {
	Options
	Router *routing.Router

	// Lookups say where to look hosts up.
	Lookups dns.Options

	// CookieName, CIDRs, Hosts and Ports contain no secrets. All but the first have one element for
	// each upstream.
	CookieName   string
	CIDRs, Hosts [][]string
	Ports        []int

	// Notice is a remark about a valid configuration, or "".
	Notice string
}

// Load parses the JSON of a source. It calls route with the library's part, to check it and make
// the router.
func Load(text json.RawMessage, route func(config []byte, loaded *Loaded) (*routing.Router, error)) (*Loaded, error) {
	document, err := decodeObject(text)
	if err != nil {
		return nil, err
	}
	loaded := new(Loaded)
	if hasLiteralKey(document["secret"]) {
		loaded.Notice = literalKeyNotice
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
	var valid struct {
		CookieName string `json:"cookie_name"`
		Upstreams  []Upstream
	}
	_ = json.Unmarshal(config, &valid) // cannot fail: the library has accepted it
	loaded.CookieName = valid.CookieName
	for _, upstream := range valid.Upstreams {
		loaded.CIDRs = append(loaded.CIDRs, oneOrSeveral(upstream.CIDR, upstream.CIDRs))
		loaded.Hosts = append(loaded.Hosts, oneOrSeveral(upstream.Host, upstream.Hosts))
		loaded.Ports = append(loaded.Ports, upstream.Port.Int())
	}
	return loaded, nil
}

// Decide is a route function for Load. Its router can only decide about requests.
func Decide(config []byte, _ *Loaded) (*routing.Router, error) { return routing.NewRouter(config) }

// oneOrSeveral returns the values of two members of which one is set, such as cidr and cidrs.
func oneOrSeveral(one string, several []string) []string {
	if one != "" {
		return []string{one}
	}
	return several
}

// Members returns the members of a JSON object, or none for an empty text.
func Members(object json.RawMessage) (map[string]json.RawMessage, error) {
	if len(object) == 0 {
		return nil, nil
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal(object, &members)
	return members, err
}

// MemberKey finds a member by name without regard to case, as Go's JSON decoder does.
func MemberKey(members map[string]json.RawMessage, name string) (key string, found bool) {
	for key := range members {
		if strings.EqualFold(key, name) {
			return key, true
		}
	}
	return "", false
}

// SourceOf returns the name of the upstream source that a JSON object configures, or "" if the
// object configures none. The member must be in lower case, as in Caddy.
func SourceOf(config json.RawMessage) (name string) {
	members, err := Members(config)
	if err != nil || json.Unmarshal(members["source"], &name) != nil {
		return ""
	}
	return name
}
