// In: the tokens of a doors_upstream block.
// Out: a Source whose values have passed the library's own checks, one by one at their token.

package caddydoors

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/go"
)

// UnmarshalCaddyfile sets up the source from Caddyfile tokens. Syntax:
//
//	dynamic_upstreams doors_upstream {
//	    secret      <keys...>
//	    cookie_name <name>
//
//	    upstream {
//	        pod_cidr      <cidrs...>
//	        host          <name|address>
//	        upstream_port <port>
//	    }
//	}
//
// `dynamic` may stand for `dynamic_upstreams`. There may be several upstream blocks; each other option may be given
// once. cookie_name is required with more than one upstream block, all other options are required.
func (s *Source) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the source
	if d.NextArg() {
		return d.Errf("surplus argument %q: %s takes a block only", d.Val(), sourceName)
	}
	block := blockOf(sourceName, "secret", "cookie_name", "upstream")
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option, err := block.option(d, "upstream")
		if err != nil {
			return err
		}
		switch option {
		case "secret":
			keys, err := checkedArguments(d, doors.FieldSecret, manyArguments)
			if err != nil {
				return err
			}
			s.Secret = strings.Join(keys, " ")
		case "cookie_name":
			names, err := checkedArguments(d, doors.FieldCookieName, oneArgument)
			if err != nil {
				return err
			}
			s.CookieName = names[0]
		case "upstream":
			if d.NextArg() {
				return d.Errf("surplus argument %q: upstream takes a block only", d.Val())
			}
			var upstream Upstream
			if err := upstream.unmarshalCaddyfile(d); err != nil {
				return err
			}
			s.Upstreams = append(s.Upstreams, upstream)
		}
	}
	return s.checkWhole(d)
}

func (u *Upstream) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	block := blockOf("upstream", "pod_cidr", "host", "upstream_port")
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option, err := block.option(d)
		if err != nil {
			return err
		}
		switch option {
		case "pod_cidr":
			cidrs, err := checkedArguments(d, doors.FieldCIDR, manyArguments)
			if err != nil {
				return err
			}
			if len(cidrs) == 1 {
				u.CIDR = cidrs[0]
			} else {
				u.CIDRs = cidrs
			}
		case "host":
			hosts, err := checkedArguments(d, doors.FieldHost, oneArgument)
			if err != nil {
				return err
			}
			u.Host = hosts[0]
		case "upstream_port":
			ports, err := checkedArguments(d, doors.FieldPort, oneArgument)
			if err != nil {
				return err
			}
			u.Port = caddyhttp.WeakString(ports[0])
		}
	}
	return nil
}

// checkWhole lets the library check what no single token shows: missing options, CIDRs that collide. With a
// placeholder among the values that has to wait until the configuration is loaded.
func (s *Source) checkWhole(d *caddyfile.Dispenser) error {
	values := []string{s.Secret, s.CookieName}
	for _, upstream := range s.Upstreams {
		values = append(append(values, upstream.CIDR, upstream.Host, string(upstream.Port)), upstream.CIDRs...)
	}
	if slices.ContainsFunc(values, hasPlaceholder) {
		return nil
	}
	config, err := json.Marshal(s)
	if err == nil {
		_, err = doors.NewRouter(config)
	}
	if err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// optionBlock knows the options of a block and which of them it has met.
type optionBlock struct {
	name    string
	allowed []string
	met     map[string]bool
}

func blockOf(name string, allowed ...string) *optionBlock {
	return &optionBlock{name: name, allowed: allowed, met: make(map[string]bool)}
}

// option returns the name at the dispenser, which must be one that is allowed and not yet met,
// unless it may be repeated.
func (b *optionBlock) option(d *caddyfile.Dispenser, repeatable ...string) (string, error) {
	name := d.Val()
	for _, allowed := range b.allowed {
		if name != allowed {
			continue
		}
		if b.met[name] && !slices.Contains(repeatable, name) {
			return "", d.Errf("option %s is given twice in %s", name, b.name)
		}
		b.met[name] = true
		return name, nil
	}
	return "", d.Errf("unknown option %q in %s; allowed are: %s", name, b.name, strings.Join(b.allowed, ", "))
}

type argumentCount bool

const (
	oneArgument   argumentCount = false
	manyArguments argumentCount = true
)

// checkedArguments returns the arguments of the option at the dispenser, each checked by the library while the dispenser
// stands on it, so that an error names its line. Placeholders are checked when they have their value.
func checkedArguments(d *caddyfile.Dispenser, field doors.Field, count argumentCount) ([]string, error) {
	option := d.Val()
	var values []string
	for d.NextArg() {
		if len(values) == 1 && count == oneArgument {
			return nil, d.Errf("surplus argument %q: %s takes one", d.Val(), option)
		}
		if !hasPlaceholder(d.Val()) {
			if err := doors.Check(field, d.Val()); err != nil {
				return nil, d.Errf("%s: %w", option, err)
			}
		}
		values = append(values, d.Val())
	}
	if len(values) == 0 {
		return nil, d.Errf("missing argument: %s needs a value", option)
	}
	if d.NextBlock(d.Nesting()) {
		return nil, d.Errf("option %s takes no block", option)
	}
	return values, nil
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Source)(nil)
