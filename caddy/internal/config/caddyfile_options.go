// In: the tokens of an option that has a default.
// Out: its value in Options.

package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func (o *Options) unmarshalCaddyfile(option string, d *caddyfile.Dispenser) error {
	switch option {
	case "resolvers":
		addresses, err := arguments(d, manyArguments, func(address string) error {
			if hasPlaceholder(address) {
				return nil
			}
			_, err := resolverAddress(address)
			return err
		})
		o.Resolver = &reverseproxy.UpstreamResolver{Addresses: addresses}
		return err
	case "versions":
		o.Versions = new(reverseproxy.IPVersions)
		_, err := arguments(d, manyArguments, func(version string) error {
			enabled := true
			switch version {
			case "ipv4":
				o.Versions.IPv4 = &enabled
			case "ipv6":
				o.Versions.IPv6 = &enabled
			default:
				return fmt.Errorf("%s is no IP version; allowed are ipv4 and ipv6", Quoted(version))
			}
			return nil
		})
		return err
	}
	members := o.members()
	i := slices.IndexFunc(members, func(m member) bool { return m.name == option })
	if i < 0 {
		return d.Errf("option %s has no parser", option)
	}
	m := members[i]
	_, err := arguments(d, oneArgument, func(value string) error {
		text, _ := json.Marshal(value) // never fails for a text
		switch target := m.target.(type) {
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
		if !m.set(text) {
			return fmt.Errorf("%s %s", Quoted(value), m.rule)
		}
		return nil
	})
	return err
}
