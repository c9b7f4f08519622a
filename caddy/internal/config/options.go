// In: the members of a source's JSON that the library does not know.
// Out: how hosts are resolved and how failures are answered.

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
	// The interval at which to look up each `host` while requests use it. Default: 1s
	Refresh caddy.Duration `json:"refresh,omitempty"`

	// The DNS servers to ask for `host`. Default: those of the system.
	Resolver *reverseproxy.UpstreamResolver `json:"resolver,omitempty"`

	// If `resolver` is configured, how long to wait before timing out trying to connect to the DNS server. It has nothing to
	// do with pods: those are dialled by the transport, which has a `dial_timeout` of its own.
	DialTimeout caddy.Duration `json:"dial_timeout,omitempty"`

	// If `resolver` is configured and given by name, how long to wait before spawning an RFC 6555 Fast Fallback connection
	// to the DNS server. A negative value disables this. Default: 300ms
	FallbackDelay caddy.Duration `json:"dial_fallback_delay,omitempty"`

	// The IP versions to resolve `host` for. By default, both "ipv4" and "ipv6" are enabled.
	Versions *reverseproxy.IPVersions `json:"versions,omitempty"`

	// The age at which the last answer of the DNS is no longer used without waiting for a new one. When no new one comes
	// within 500 ms, it is used all the same. Default: 5m
	StaleMax caddy.Duration `json:"stale_max,omitempty"`

	// How long a request waits for the first lookup of a `host` while no pod is known at all. Any other wait for the DNS is 500 ms at
	// most. Default: 3s
	FirstLookup caddy.Duration `json:"first_lookup,omitempty"`

	// How long a pod must have been out of reach (no route, no answer) before its pages are told that it is gone. A pod whose
	// host refuses connections is gone at once. Default: 10s
	GoneAfter caddy.Duration `json:"gone_after,omitempty"`

	// How many pages of each upstream may be told in one second, while they wait for updates, that their pod is gone, which
	// makes them reload. The rest is told to come back in a second. 0 means no limit. Default: 100
	GoneRate *uint32 `json:"gone_rate,omitempty"`

	// How long a pod may drain. Then its pages are told to reload, those that were not used for longest first, at `gone_rate`, while other pods take
	// them. 0 means for ever. Default: 0
	DrainMax caddy.Duration `json:"drain_max,omitempty"`

	// How long a page load waits while no pod can take it, and a page's receiver stream while the page has nothing to reload onto. Then it gets
	// 503. 0 means not at all. Default: 10s
	PageWait *caddy.Duration `json:"page_wait,omitempty"`

	// How often a page renews its streams: the `SolitaireRollTime` of the app, if it sets one. A stream may be silent for a third longer. Default: 15s
	RollTime caddy.Duration `json:"roll_time,omitempty"`

	// For how long a page may be silent: the longer one of `InstanceTTL` and `SessionTTL` of the app, if it sets them. Default: 40m
	SessionTime caddy.Duration `json:"session_time,omitempty"`

	// How many pods are remembered, each with what is held against it. It is for the whole process, and the largest of
	// its sources counts. Default: 10000
	MaxPods uint32 `json:"max_pods,omitempty"`

	// The name of a response header that tells why a request went where it went, such as `X-Doors-Decision`. Default: none
	DecisionHeader string `json:"decision_header,omitempty"`
}

// option is one of Options.
type option struct {
	name   string // in JSON, and in a Caddyfile unless it has a line of its own there
	target any
	rule   string
	valid  func() bool // nil if all that can be decoded is valid
	own    *line
}

// table holds all options. A new one takes a line here, and one in Flow if the library knows it.
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
		{"page_wait", &o.PageWait, durationRule[notNegative], func() bool { return o.PageWait != nil && *o.PageWait >= 0 }, nil},
		duration("roll_time", &o.RollTime, positive),
		duration("session_time", &o.SessionTime, positive),
		{"max_pods", &o.MaxPods, "must be a whole number from 1 to 4294967295", func() bool { return o.MaxPods > 0 }, nil},
		{"decision_header", &o.DecisionHeader, "must be the name of a header field such as X-Doors-Decision", o.validHeader, nil},
	}
}

const (
	anyDuration caddy.Duration = math.MinInt64
	notNegative caddy.Duration = 0
	positive    caddy.Duration = 1 // to the code that uses an option with a default, 0 would mean just that
)

// durationRule is what a duration of at least the key must be.
var durationRule = map[caddy.Duration]string{
	anyDuration: "must be a duration such as 10s",
	notNegative: "must be a duration such as 10s, and not negative",
	positive:    "must be a duration such as 10s, and more than zero",
}

func duration(name string, target *caddy.Duration, least caddy.Duration) option {
	return option{name, target, durationRule[least], func() bool { return *target >= least }, nil}
}

// set sets the option to a JSON value, and tells whether it may have this one.
func (o option) set(value []byte) bool {
	return caddy.StrictUnmarshalJSON(value, o.target) == nil && (o.valid == nil || o.valid())
}

// line is the option in a Caddyfile.
func (o option) line() line {
	if o.own != nil {
		return *o.own
	}
	return line{name: o.name, take: func(value string) error {
		text, _ := json.Marshal(value) // never fails for a text
		switch target := o.target.(type) {
		case *string:
			if hasPlaceholder(value) {
				*target = value // checked when it has its value
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
	if o.Resolver == nil {
		o.Resolver = new(reverseproxy.UpstreamResolver)
	}
	o.Resolver.Addresses = append(o.Resolver.Addresses, address)
	if hasPlaceholder(address) {
		return nil
	}
	_, err := resolverAddress(address)
	return err
}

func (o *Options) takeVersion(version string) error {
	if o.Versions == nil {
		o.Versions = new(reverseproxy.IPVersions)
	}
	enabled := true
	switch version {
	case "ipv4":
		o.Versions.IPv4 = &enabled
	case "ipv6":
		o.Versions.IPv6 = &enabled
	default:
		return fmt.Errorf("%s is not an IP version; allowed are ipv4 and ipv6", Quoted(version))
	}
	return nil
}

// validHeader tells whether the header may have that name. A key in its place would be sent to every client.
func (o *Options) validHeader() bool {
	name := o.DecisionHeader
	return name == "" || httpguts.ValidHeaderFieldName(name) && routing.Check(routing.FieldSecret, name) != nil
}

// takeOptions moves the members that belong to Options out of a source's JSON. What stays is for the library.
func takeOptions(document map[string]any) (options Options, err error) {
	allowed := []string{"secret", "cookie_name", "upstreams", "source"} // to the library
	for _, option := range options.table() {
		allowed = append(allowed, option.name)
		value, found := document[option.name]
		if !found {
			continue
		}
		delete(document, option.name)
		text, err := json.Marshal(value)
		// The value is not shown: who knows what was pasted there.
		if err != nil || !option.set(text) {
			return options, fmt.Errorf("%s: %s", option.name, option.rule)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(document)) {
		if !slices.Contains(allowed, name) {
			return options, fmt.Errorf("unknown member %s; allowed are %s", Quoted(name), strings.Join(allowed, ", "))
		}
	}
	return options, nil
}

// Flow are the options of the library.
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

// PodsKept is how many pods are to be remembered.
func (o *Options) PodsKept() uint32 { return cmp.Or(o.MaxPods, routing.DefaultLimits().MaxPods) }

// lookups is what package dns needs to know.
func (o *Options) lookups() (dns.Options, error) {
	lookups := dns.Options{
		DialTimeout:   time.Duration(o.DialTimeout),
		FallbackDelay: time.Duration(o.FallbackDelay),
		Network:       o.network(),
	}
	if o.Resolver != nil {
		for i, text := range o.Resolver.Addresses {
			address, err := resolverAddress(text)
			if err != nil {
				return lookups, fmt.Errorf("resolver.addresses[%d]: %w", i, err)
			}
			lookups.Resolvers = append(lookups.Resolvers, address)
		}
	}
	return lookups, nil
}

// network says which IP versions to resolve hosts for, as package net does: "" for none. One that is not mentioned is left out if the other one is asked for,
// and is meant if the other one is ruled out.
func (o *Options) network() string {
	if o.Versions == nil {
		return "ip"
	}
	enabled := func(version, other *bool) bool {
		if version != nil {
			return *version
		}
		return other == nil || !*other
	}
	both := [2]bool{enabled(o.Versions.IPv4, o.Versions.IPv6), enabled(o.Versions.IPv6, o.Versions.IPv4)}
	return map[[2]bool]string{{true, true}: "ip", {true, false}: "ip4", {false, true}: "ip6"}[both]
}

// resolverAddress reads the address of a name server the way Caddy does, and returns it the way package dns wants it.
func resolverAddress(text string) (string, error) {
	address, err := caddy.ParseNetworkAddressWithDefaults(text, "udp", 53)
	if err != nil || address.PortRangeSize() != 1 || address.Host == "" || address.Network != "udp" && address.Network != "tcp" {
		return "", fmt.Errorf("%s must be the one address of a name server, such as 127.0.0.1:53 or tcp/127.0.0.1:53", Quoted(text))
	}
	return address.Network + "/" + address.JoinHostPort(0), nil
}
