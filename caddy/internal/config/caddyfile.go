package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/routing"
)

// UnmarshalCaddyfile sets up the source from Caddyfile tokens. Syntax:
//
//	dynamic_upstreams doors_upstream {
//	    secret      <keys...>
//	    cookie_name <name>
//
//	    upstream {
//	        pod_cidr      <cidrs...>
//	        host          <names|addresses...>
//	        upstream_port <port>
//	    }
//
//	    # DNS
//	    refresh             <interval>
//	    resolvers           <addresses...>
//	    dial_timeout        <timeout>
//	    dial_fallback_delay <delay>
//	    versions            ipv4|ipv6 [ipv4|ipv6]
//	    stale_max           <age>
//	    first_lookup        <duration>
//
//	    # unreachable and draining pods
//	    gone_after <duration>
//	    gone_rate  <number>
//	    drain_max  <duration>
//	    page_wait  <duration>
//	    max_pods   <number>
//
//	    # defaults of Doors that the app changes
//	    roll_time    <duration>
//	    session_time <duration>
//
//	    # diagnosis
//	    decision_header <name>
//	}
//
// `dynamic` is a synonym of `dynamic_upstreams`. There may be several upstream blocks. Each other
// option may occur once. secret, upstream and all options of an upstream are required. With more
// than one upstream, cookie_name is required as well.
func (s *Source) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // source name
	start := d.Token()
	var networks []caddyfile.Token
	lines := []line{
		{name: "secret", required: true, several: true, take: func(key string) error {
			s.Secret = strings.TrimPrefix(s.Secret+" "+key, " ")
			return check(routing.FieldSecret, s.Secret) // with the keys before it: all must differ
		}},
		{name: "cookie_name", take: func(name string) error {
			s.CookieName = name
			return check(routing.FieldCookieName, name)
		}},
		{name: "upstream", required: true, block: func(d *caddyfile.Dispenser) error {
			var upstream Upstream
			err := upstream.unmarshalCaddyfile(d, &networks)
			s.Upstreams = append(s.Upstreams, upstream)
			return err
		}},
	}
	for _, option := range s.Options.table() {
		lines = append(lines, option.line())
	}
	if err := readBlock(d, lines); err != nil {
		return err
	}
	if s.CookieName == "" && len(s.Upstreams) > 1 {
		return ErrorAt(start, "option cookie_name is required in "+start.Text+" when there is more than one upstream")
	}
	return checkDistinct(networks)
}

// unmarshalCaddyfile sets up the upstream and appends the tokens of its networks.
func (u *Upstream) unmarshalCaddyfile(d *caddyfile.Dispenser, networks *[]caddyfile.Token) error {
	err := readBlock(d, []line{
		{name: "pod_cidr", required: true, several: true, take: func(cidr string) error {
			u.CIDRs, *networks = append(u.CIDRs, cidr), append(*networks, d.Token())
			return check(routing.FieldCIDR, cidr)
		}},
		{name: "host", required: true, several: true, take: func(host string) error {
			if slices.ContainsFunc(u.Hosts, func(earlier string) bool { return strings.EqualFold(earlier, host) }) {
				return fmt.Errorf("%s is listed twice; remove one of them", Quoted(host))
			}
			u.Hosts = append(u.Hosts, host)
			return check(routing.FieldHost, host)
		}},
		{name: "upstream_port", required: true, take: func(port string) error {
			u.Port = caddyhttp.WeakString(port)
			return check(routing.FieldPort, port)
		}},
	})
	if len(u.CIDRs) == 1 {
		u.CIDR, u.CIDRs = u.CIDRs[0], nil
	}
	if len(u.Hosts) == 1 {
		u.Host, u.Hosts = u.Hosts[0], nil
	}
	return err
}

// check validates a value with the library. A value with a placeholder is checked when the
// configuration is loaded.
func check(field routing.Field, value string) error {
	if hasPlaceholder(value) {
		return nil
	}
	return routing.Check(field, value)
}

// checkDistinct returns an error if a network is given twice. The check of a single option cannot
// find that.
func checkDistinct(networks []caddyfile.Token) error {
	networks = slices.DeleteFunc(networks, func(network caddyfile.Token) bool { return hasPlaceholder(network.Text) })
	_, err := routing.NewCIDRs(strings.Join(TextsOf(networks), " "))
	var refused *routing.Error
	if len(networks) == 0 || !errors.As(err, &refused) || refused.Index < 0 {
		return nil
	}
	again := networks[refused.Index]
	earlier := networks[slices.IndexFunc(networks, func(network caddyfile.Token) bool {
		_, err := routing.NewCIDRs(network.Text + " " + again.Text)
		return err != nil
	})]
	return ErrorAt(again, fmt.Sprintf("pod_cidr: %s is the same network as %s at %s:%d; remove one of them", again.Text, earlier.Text, earlier.File, earlier.Line))
}

// line describes one option of a block: how to take each value, or how to read its own block.
type line struct {
	name     string
	required bool
	several  bool                             // takes more than one value
	take     func(value string) error         // called for each value
	block    func(*caddyfile.Dispenser) error // may occur more than once
}

// readBlock reads the block at the dispenser. It takes each value while the dispenser is at its
// token, so that errors name its line. It checks for required options itself: the library could do
// so only once placeholders are resolved.
func readBlock(d *caddyfile.Dispenser, lines []line) error {
	start, met := d.Token(), make(map[string]bool)
	if d.NextArg() {
		return d.Errf("unexpected argument %s: %s takes only a block", Quoted(d.Val()), start.Text)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		i := slices.IndexFunc(lines, func(l line) bool { return l.name == name })
		switch {
		case i < 0:
			var allowed []string
			for _, l := range lines {
				allowed = append(allowed, l.name)
			}
			return d.Errf("unknown option %s in %s; %s", Quoted(name), start.Text, instead(name, "options", allowed))
		case met[name] && lines[i].block == nil:
			return d.Errf("option %s is set twice in %s; remove one of them", name, start.Text)
		default:
			if err := lines[i].read(d); err != nil {
				return err
			}
		}
		met[name] = true
	}
	for _, l := range lines {
		if l.required && !met[l.name] {
			return ErrorAt(start, "option "+l.name+" is required in "+start.Text)
		}
	}
	return nil
}

// read reads the values of the option, or its block.
func (l line) read(d *caddyfile.Dispenser) error {
	if l.block != nil {
		return l.block(d)
	}
	count := 0
	for ; d.NextArg(); count++ {
		if count > 0 && !l.several {
			return d.Errf("unexpected argument %s: %s takes a single value", Quoted(d.Val()), l.name)
		}
		if err := l.take(d.Val()); err != nil {
			return d.Errf("%s: %w", l.name, err)
		}
	}
	if count == 0 {
		return d.Errf("missing argument: %s needs a value", l.name)
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("option %s does not take a block", l.name)
	}
	return nil
}

// ErrorAt returns an error with the file and line of a token, in the form of all Caddyfile errors.
func ErrorAt(token caddyfile.Token, message string) error {
	d := caddyfile.NewDispenser([]caddyfile.Token{token})
	d.Next()
	return d.Err(message)
}

// TextsOf returns the texts of tokens.
func TextsOf(tokens []caddyfile.Token) (texts []string) {
	for _, token := range tokens {
		texts = append(texts, token.Text)
	}
	return texts
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Source)(nil)
