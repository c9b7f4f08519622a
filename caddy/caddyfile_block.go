// In: the tokens of a block of options.
// Out: the options and their arguments, each met once, known, and checked where it stands.

package caddydoors

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doors-dev/doors-caddy/go"
)

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
	return arguments(d, count, func(value string) error {
		if hasPlaceholder(value) {
			return nil
		}
		return doors.Check(field, value)
	})
}

// arguments returns the arguments of the option at the dispenser, each checked while the dispenser stands on it.
func arguments(d *caddyfile.Dispenser, count argumentCount, check func(string) error) ([]string, error) {
	option := d.Val()
	var values []string
	for d.NextArg() {
		if len(values) == 1 && count == oneArgument {
			return nil, d.Errf("surplus argument %q: %s takes one", d.Val(), option)
		}
		if err := check(d.Val()); err != nil {
			return nil, d.Errf("%s: %w", option, err)
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
