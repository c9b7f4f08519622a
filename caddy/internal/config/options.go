package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/routing"
	"golang.org/x/net/http/httpguts"
)

// Options are the options of a Source that have defaults.
type Options struct {
	// How often to look up each `host` while requests use it. Default: 1s
	Refresh caddy.Duration `json:"refresh,omitempty"`

	// The DNS servers that resolve each `host`. Default: the system's resolver
	Resolver *reverseproxy.UpstreamResolver `json:"resolver,omitempty"`

	// How long to wait for a connection to a DNS server of `resolver`. Connections to pods have a
	// `dial_timeout` of their own, in the transport.
	DialTimeout caddy.Duration `json:"dial_timeout,omitempty"`

	// How long to wait before starting an RFC 6555 Fast Fallback connection to a DNS server of
	// `resolver` that is given by name. A negative value disables the fallback. Default: 300ms
	FallbackDelay caddy.Duration `json:"dial_fallback_delay,omitempty"`

	// The IP versions to resolve each `host` for. Default: both "ipv4" and "ipv6"
	Versions *reverseproxy.IPVersions `json:"versions,omitempty"`

	// The age from which a DNS answer is used only after waiting up to 500 ms for a newer one.
	// Default: 5m
	StaleMax caddy.Duration `json:"stale_max,omitempty"`

	// How long a request waits for the first lookup of a `host` while no pod is known. All other
	// waits for DNS end after 500 ms. Default: 3s
	FirstLookup caddy.Duration `json:"first_lookup,omitempty"`

	// How long a pod must be unreachable (no route or no answer) before it counts as gone and its
	// pages are told to reload. A pod whose host refuses connections is gone at once. Default: 10s
	GoneAfter caddy.Duration `json:"gone_after,omitempty"`

	// How many pages of a gone pod are told to reload per second, for each upstream. The other
	// pages are told to retry after one second. 0 means no limit. Default: 100
	GoneRate *uint32 `json:"gone_rate,omitempty"`

	// How long a pod may drain. After that its pages are told to reload while other pods can take
	// them: the longest idle first, at most `gone_rate` per second. 0 means no limit. Default: 0
	DrainMax caddy.Duration `json:"drain_max,omitempty"`

	// How long a page load waits while no pod can take it, before it gets 503. Also how long the
	// receiver stream of a page waits while no pod could take the page if it reloaded. 0 disables
	// both waits. Default: 10s
	PageWait *caddy.Duration `json:"page_wait,omitempty"`

	// How often a page renews its streams: the app's `SolitaireRollTime`, if it sets one. A stream
	// may be silent for a third longer than this. Default: 15s
	RollTime caddy.Duration `json:"roll_time,omitempty"`

	// How long a page may be silent: the longer of the app's `InstanceTTL` and `SessionTTL`, if it
	// sets them. Default: 40m
	SessionTime caddy.Duration `json:"session_time,omitempty"`

	// How many pods to remember, with what is known about each. The limit applies to the whole
	// process: the largest value of all sources counts. Default: 10000
	MaxPods uint32 `json:"max_pods,omitempty"`

	// The name of a response header that explains the routing decision, such as `X-Doors-Decision`.
	// Default: none
	DecisionHeader string `json:"decision_header,omitempty"`
}

// option describes one of the Options.
type option struct {
	name   string // in JSON, and in a Caddyfile unless own is set
	target any
	rule   string
	valid  func() bool // nil if every value that decodes is valid
	own    *line
}

// table returns all options. A new option needs an entry here, and one in Flow if the library takes
// it.
func (o *Options) table() []option {
	return []option{
		duration("refresh", &o.Refresh, positive),
		{"resolver", &o.Resolver, `must be an object {"addresses": ["127.0.0.1:53"]}`, nil, &line{name: "resolvers", several: true, take: o.takeResolver}},
		duration("dial_timeout", &o.DialTimeout, notNegative),
		duration("dial_fallback_delay", &o.FallbackDelay, anyDuration),
		{"versions", &o.Versions, `must be an object {"ipv4": true, "ipv6": true} with one of them true`,
			func() bool { return o.network() != "" }, &line{name: "versions", several: true, take: o.takeVersion}},
		duration("stale_max", &o.StaleMax, positive),
		duration("first_lookup", &o.FirstLookup, positive),
		duration("gone_after", &o.GoneAfter, positive),
		{"gone_rate", &o.GoneRate, "must be a whole number from 0 to 4294967295", nil, nil},
		duration("drain_max", &o.DrainMax, notNegative),
		{"page_wait", &o.PageWait, notNegative.rule, func() bool { return o.PageWait != nil && *o.PageWait >= notNegative.least }, nil},
		duration("roll_time", &o.RollTime, positive),
		duration("session_time", &o.SessionTime, positive),
		{"max_pods", &o.MaxPods, "must be a whole number from 1 to 4294967295", func() bool { return o.MaxPods > 0 }, nil},
		{"decision_header", &o.DecisionHeader, "must be the name of a header field such as X-Doors-Decision", o.validHeader, nil},
	}
}

// minimum is the shortest valid value of a duration, and the rule in words.
type minimum struct {
	least caddy.Duration
	rule  string
}

var (
	anyDuration = minimum{math.MinInt64, "must be a duration such as 10s"}
	notNegative = minimum{0, "must be a duration of 0s or longer, such as 10s"}
	positive    = minimum{1, "must be a duration longer than 0s, such as 10s"} // 0 would select the default
)

func duration(name string, target *caddy.Duration, m minimum) option {
	return option{name, target, m.rule, func() bool { return *target >= m.least }, nil}
}

// set sets the option to a JSON value. It reports whether the value is valid.
func (o option) set(value []byte) bool {
	return caddy.StrictUnmarshalJSON(value, o.target) == nil && (o.valid == nil || o.valid())
}

// line returns the Caddyfile line of the option.
func (o option) line() line {
	if o.own != nil {
		return *o.own
	}
	return line{name: o.name, take: func(value string) error {
		text, _ := json.Marshal(value) // cannot fail for a string
		switch target := o.target.(type) {
		case *string:
			if hasPlaceholder(value) {
				*target = value // checked once the placeholder is resolved
				return nil
			}
		case *uint32, **uint32:
			if strings.Trim(value, "0123456789") == "" {
				text = []byte(value)
			}
		}
		if !o.set(text) {
			return fmt.Errorf("%s %s", Quoted(value), o.rule)
		}
		return nil
	}}
}

func (o *Options) takeResolver(address string) error {
	o.Resolver = cmp.Or(o.Resolver, new(reverseproxy.UpstreamResolver))
	o.Resolver.Addresses = append(o.Resolver.Addresses, address)
	if hasPlaceholder(address) {
		return nil
	}
	_, err := resolverAddress(address)
	return err
}

func (o *Options) takeVersion(version string) error {
	o.Versions = cmp.Or(o.Versions, new(reverseproxy.IPVersions))
	switch version {
	case "ipv4":
		o.Versions.IPv4 = new(true)
	case "ipv6":
		o.Versions.IPv6 = new(true)
	default:
		return fmt.Errorf("%s is not an IP version; write ipv4 or ipv6", Quoted(version))
	}
	return nil
}

// validHeader reports whether the header may have its name. A key pasted there by mistake would go
// to every client.
func (o *Options) validHeader() bool {
	name := o.DecisionHeader
	return name == "" || httpguts.ValidHeaderFieldName(name) && routing.Check(routing.FieldSecret, name) != nil
}

// takeOptions moves the members of Options out of a source's JSON. The library reads the rest.
func takeOptions(document map[string]any) (options Options, err error) {
	allowed := []string{"secret", "cookie_name", "upstreams", "source"} // by the library
	for _, option := range options.table() {
		allowed = append(allowed, option.name)
		value, found := document[option.name]
		if !found {
			continue
		}
		delete(document, option.name)
		text, err := json.Marshal(value)
		// Do not show the value: it may be a secret in the wrong place.
		if err != nil || !option.set(text) {
			return options, fmt.Errorf("%s: %s", option.name, option.rule)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(document)) {
		if !slices.Contains(allowed, name) {
			return options, fmt.Errorf("unknown member %s; %s", Quoted(name), instead(name, "members", allowed))
		}
	}
	return options, nil
}

// Flow returns the library's options.
func (o *Options) Flow() routing.Options {
	flow := routing.DefaultOptions()
	flow.Refresh = cmp.Or(time.Duration(o.Refresh), flow.Refresh)
	flow.StaleMax = cmp.Or(time.Duration(o.StaleMax), flow.StaleMax)
	flow.FirstLookup = cmp.Or(time.Duration(o.FirstLookup), flow.FirstLookup)
	flow.GoneAfter = cmp.Or(time.Duration(o.GoneAfter), flow.GoneAfter)
	flow.DrainMax, flow.RollTime = time.Duration(o.DrainMax), cmp.Or(time.Duration(o.RollTime), flow.RollTime)
	if o.PageWait != nil {
		flow.PageWait = time.Duration(*o.PageWait)
	}
	if o.GoneRate != nil {
		flow.GoneRate = *o.GoneRate
	}
	return flow
}

// PodsKept returns how many pods to remember.
func (o *Options) PodsKept() uint32 { return cmp.Or(o.MaxPods, routing.DefaultLimits().MaxPods) }

// lookups returns the options of package dns.
func (o *Options) lookups() (dns.Options, error) {
	lookups := dns.Options{
		DialTimeout:   time.Duration(o.DialTimeout),
		FallbackDelay: time.Duration(o.FallbackDelay),
		Network:       o.network(),
	}
	for i, text := range cmp.Or(o.Resolver, new(reverseproxy.UpstreamResolver)).Addresses {
		address, err := resolverAddress(text)
		if err != nil {
			return lookups, fmt.Errorf("resolver.addresses[%d]: %w", i, err)
		}
		lookups.Resolvers = append(lookups.Resolvers, address)
	}
	return lookups, nil
}

// network returns the IP versions to resolve as a network of package net: "ip", "ip4", "ip6", or ""
// for none. A version that is not set is enabled only if the other one is disabled.
func (o *Options) network() string {
	versions := cmp.Or(o.Versions, new(reverseproxy.IPVersions))
	enabled := func(version, other *bool) bool {
		if version != nil {
			return *version
		}
		return other == nil || !*other
	}
	both := [2]bool{enabled(versions.IPv4, versions.IPv6), enabled(versions.IPv6, versions.IPv4)}
	return map[[2]bool]string{{true, true}: "ip", {true, false}: "ip4", {false, true}: "ip6"}[both]
}

// resolverAddress parses the address of a name server as Caddy does, and returns it in the form of
// [dns.Options].
func resolverAddress(text string) (string, error) {
	address, err := caddy.ParseNetworkAddressWithDefaults(text, "udp", 53)
	if err != nil || address.PortRangeSize() != 1 || address.Host == "" || address.Network != "udp" && address.Network != "tcp" {
		return "", fmt.Errorf("%s is not the address of a name server; write one such as 127.0.0.1:53 or tcp/127.0.0.1:53", Quoted(text))
	}
	return address.Network + "/" + address.JoinHostPort(0), nil
}
