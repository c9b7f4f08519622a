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
//
//	    # resolving each host
//	    refresh             <interval>
//	    resolvers           <addresses...>
//	    dial_timeout        <timeout>
//	    dial_fallback_delay <delay>
//	    versions            ipv4|ipv6 [ipv4|ipv6]
//	    stale_max           <age>
//	    first_lookup        <duration>
//
//	    # pods that cannot be reached
//	    gone_after <duration>
//	    gone_rate  <number>
//
//	    # seeing what happens
//	    decision_header <name>
//	}
//
// `dynamic` may stand for `dynamic_upstreams`. There may be several upstream blocks; each other option may be given
// once. secret, upstream and the options of an upstream are required, and with more than one upstream block so is
// cookie_name.
func (s *Source) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the source
	block := blockOf(d, "secret", "cookie_name", "upstream",
		"refresh", "resolvers", "dial_timeout", "dial_fallback_delay", "versions", "stale_max", "first_lookup",
		"gone_after", "gone_rate", "decision_header")
	if err := block.noArgument(d); err != nil {
		return err
	}
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
			if err := check(doors.FieldSecret, s.Secret); err != nil { // as a whole
				return d.Errf("secret: %w", err)
			}
		case "cookie_name":
			names, err := checkedArguments(d, doors.FieldCookieName, oneArgument)
			if err != nil {
				return err
			}
			s.CookieName = names[0]
		case "upstream":
			var upstream Upstream
			if err := upstream.unmarshalCaddyfile(d); err != nil {
				return err
			}
			s.Upstreams = append(s.Upstreams, upstream)
		default:
			if err := s.Options.unmarshalCaddyfile(option, d); err != nil {
				return err
			}
		}
	}
	if err := block.require("secret", "upstream"); err != nil {
		return err
	}
	if !block.met["cookie_name"] && len(s.Upstreams) > 1 {
		return block.missing("cookie_name", " with more than one upstream")
	}
	return s.checkWhole(d)
}

func (u *Upstream) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	block := blockOf(d, "pod_cidr", "host", "upstream_port")
	if err := block.noArgument(d); err != nil {
		return err
	}
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
	return block.require("pod_cidr", "host", "upstream_port")
}

// checkWhole lets the library check what no single option shows: CIDRs that collide. With a placeholder among the
// values that has to wait until the configuration is loaded.
func (s *Source) checkWhole(d *caddyfile.Dispenser) error {
	values := []string{s.Secret, s.CookieName}
	for _, upstream := range s.Upstreams {
		values = append(append(values, upstream.CIDR, upstream.Host, string(upstream.Port)), upstream.CIDRs...)
	}
	if slices.ContainsFunc(values, hasPlaceholder) {
		return nil
	}
	config, err := json.Marshal(Source{Secret: s.Secret, CookieName: s.CookieName, Upstreams: s.Upstreams})
	if err == nil {
		_, err = doors.NewRouter(config)
	}
	if err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Source)(nil)
