// In: the tokens of an option that has a default.
// Out: its value in Options.

package caddydoors

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"golang.org/x/net/http/httpguts"
)

func (o *Options) unmarshalCaddyfile(option string, d *caddyfile.Dispenser) error {
	switch option {
	case "refresh":
		return durationArgument(d, &o.Refresh, 0)
	case "dial_timeout":
		return durationArgument(d, &o.DialTimeout, 0)
	case "dial_fallback_delay":
		return durationArgument(d, &o.FallbackDelay, math.MinInt64)
	case "stale_max":
		return durationArgument(d, &o.StaleMax, 0)
	case "gone_after":
		return durationArgument(d, &o.GoneAfter, 0)
	case "gone_rate":
		_, err := arguments(d, oneArgument, func(value string) error {
			rate, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return fmt.Errorf("%q %s", value, rateRule)
			}
			o.GoneRate = new(uint32)
			*o.GoneRate = uint32(rate)
			return nil
		})
		return err
	case "decision_header":
		names, err := arguments(d, oneArgument, func(name string) error {
			if !hasPlaceholder(name) && !httpguts.ValidHeaderFieldName(name) {
				return fmt.Errorf("%q %s", name, headerRule)
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
				return fmt.Errorf("%q is no IP version; allowed are ipv4 and ipv6", version)
			}
			return nil
		})
		return err
	}
	return d.Errf("option %s has no parser", option)
}

// durationArgument parses the one argument of the option at the dispenser, which must be at least so long.
func durationArgument(d *caddyfile.Dispenser, target *caddy.Duration, least time.Duration) error {
	_, err := arguments(d, oneArgument, func(value string) error {
		duration, err := caddy.ParseDuration(value)
		if err != nil || duration < least {
			return fmt.Errorf("%q %s", value, durationRule)
		}
		*target = caddy.Duration(duration)
		return nil
	})
	return err
}
