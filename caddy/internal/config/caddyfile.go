// In: the tokens of a doors_upstream block.
// Out: a Source whose values have passed the library's own checks, one by one at their token.

package config

import (
	"errors"
	"fmt"
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
//	    page_wait  <duration>
//	    max_pods   <number>
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
		"gone_after", "gone_rate", "page_wait", "max_pods", "decision_header")
	if err := block.noArgument(d); err != nil {
		return err
	}
	var networks []caddyfile.Token
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option, err := block.option(d, "upstream")
		if err != nil {
			return err
		}
		switch option {
		case "secret":
			var keys []string
			_, err := arguments(d, manyArguments, func(key string) error {
				keys = append(keys, key)
				return check(doors.FieldSecret, strings.Join(keys, " ")) // with those before, since they must differ
			})
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
			var upstream Upstream
			own, err := upstream.unmarshalCaddyfile(d)
			if err != nil {
				return err
			}
			s.Upstreams, networks = append(s.Upstreams, upstream), append(networks, own...)
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
	return checkDistinct(networks)
}

// unmarshalCaddyfile sets up the upstream, and returns the tokens that are its networks.
func (u *Upstream) unmarshalCaddyfile(d *caddyfile.Dispenser) (networks []caddyfile.Token, err error) {
	block := blockOf(d, "pod_cidr", "host", "upstream_port")
	if err := block.noArgument(d); err != nil {
		return nil, err
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option, err := block.option(d)
		if err != nil {
			return nil, err
		}
		switch option {
		case "pod_cidr":
			cidrs, err := arguments(d, manyArguments, func(cidr string) error {
				networks = append(networks, d.Token())
				return check(doors.FieldCIDR, cidr)
			})
			if err != nil {
				return nil, err
			}
			if len(cidrs) == 1 {
				u.CIDR = cidrs[0]
			} else {
				u.CIDRs = cidrs
			}
		case "host":
			hosts, err := checkedArguments(d, doors.FieldHost, oneArgument)
			if err != nil {
				return nil, err
			}
			u.Host = hosts[0]
		case "upstream_port":
			ports, err := checkedArguments(d, doors.FieldPort, oneArgument)
			if err != nil {
				return nil, err
			}
			u.Port = caddyhttp.WeakString(ports[0])
		}
	}
	return networks, block.require("pod_cidr", "host", "upstream_port")
}

// checkDistinct lets the library find a network that is given twice, which no option shows alone. One that is a placeholder has
// to wait until the configuration is loaded.
func checkDistinct(networks []caddyfile.Token) error {
	networks = slices.DeleteFunc(networks, func(network caddyfile.Token) bool { return hasPlaceholder(network.Text) })
	_, err := doors.NewCIDRs(strings.Join(TextsOf(networks), " "))
	var refused *doors.Error
	if len(networks) == 0 || !errors.As(err, &refused) || refused.Index < 0 {
		return nil
	}
	for _, earlier := range networks[:refused.Index] {
		if _, err := doors.NewCIDRs(earlier.Text + " " + networks[refused.Index].Text); err != nil {
			return ErrorAt(networks, refused.Index, fmt.Sprintf("pod_cidr: %s is the same network as %s at %s:%d; each must be given once",
				networks[refused.Index].Text, earlier.Text, earlier.File, earlier.Line))
		}
	}
	return ErrorAt(networks, refused.Index, "pod_cidr: "+err.Error())
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Source)(nil)
