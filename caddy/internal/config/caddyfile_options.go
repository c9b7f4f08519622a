// In: the tokens of an option that has a default.
// Out: its value in Options.

package config

import (
	"fmt"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func (o *Options) unmarshalCaddyfile(option string, d *caddyfile.Dispenser) error {
	switch option {
	case "refresh":
		return durationArgument(d, &o.Refresh, positive)
	case "dial_timeout":
		return durationArgument(d, &o.DialTimeout, notNegative)
	case "dial_fallback_delay":
		return durationArgument(d, &o.FallbackDelay, anyDuration)
	case "stale_max":
		return durationArgument(d, &o.StaleMax, positive)
	case "first_lookup":
		return durationArgument(d, &o.FirstLookup, positive)
	case "gone_after":
		return durationArgument(d, &o.GoneAfter, positive)
	case "gone_rate":
		_, err := arguments(d, oneArgument, func(value string) error {
			rate, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return fmt.Errorf("%s %s", Quoted(value), rateRule)
			}
			o.GoneRate = new(uint32)
			*o.GoneRate = uint32(rate)
			return nil
		})
		return err
	case "page_wait":
		o.PageWait = new(caddy.Duration)
		return durationArgument(d, o.PageWait, notNegative)
	case "max_pods":
		_, err := arguments(d, oneArgument, func(value string) error {
			most, err := strconv.ParseUint(value, 10, 32)
			if err != nil || most == 0 {
				return fmt.Errorf("%s %s", Quoted(value), podsRule)
			}
			o.MaxPods = uint32(most)
			return nil
		})
		return err
	case "decision_header":
		names, err := arguments(d, oneArgument, func(name string) error {
			if !hasPlaceholder(name) && !validHeader(name) {
				return fmt.Errorf("%s %s", Quoted(name), headerRule)
			}
			return nil
		})
		if err == nil {
			o.DecisionHeader = names[0]
		}
		return err
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
	return d.Errf("option %s has no parser", option)
}

// durationArgument parses the one argument of the option at the dispenser.
func durationArgument(d *caddyfile.Dispenser, target *caddy.Duration, rule durationRule) error {
	_, err := arguments(d, oneArgument, func(value string) error {
		duration, err := caddy.ParseDuration(value)
		if err != nil || duration < rule.least {
			return fmt.Errorf("%s %s", Quoted(value), rule.text)
		}
		*target = caddy.Duration(duration)
		return nil
	})
	return err
}
