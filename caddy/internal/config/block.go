// In: the tokens of a block of options.
// Out: the options and their arguments, each met once, known, and checked where it stands.

package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doors-dev/doors-caddy/go"
)

// optionBlock knows the options of a block and which of them it has met.
type optionBlock struct {
	start   caddyfile.Token
	name    string
	allowed []string
	met     map[string]bool
}

// blockOf returns the block that begins at the dispenser.
func blockOf(d *caddyfile.Dispenser, allowed ...string) *optionBlock {
	return &optionBlock{start: d.Token(), name: d.Val(), allowed: allowed, met: make(map[string]bool)}
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
	return "", d.Errf("unknown option %s in %s; allowed are: %s", Quoted(name), b.name, strings.Join(b.allowed, ", "))
}

// require returns an error at the beginning of the block if one of the options was not met. The library requires the same, but
// looks at the whole configuration, which it may only get when placeholders have their values.
func (b *optionBlock) require(options ...string) error {
	for _, option := range options {
		if !b.met[option] {
			return b.missing(option, "")
		}
	}
	return nil
}

func (b *optionBlock) missing(option, reason string) error {
	return ErrorAt([]caddyfile.Token{b.start}, 0, "option "+option+" is required in "+b.name+reason)
}

// noArgument refuses an argument of the block at the dispenser.
func (b *optionBlock) noArgument(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("surplus argument %s: %s takes a block only", Quoted(d.Val()), b.name)
	}
	return nil
}

// maxShown is how many characters of a value are repeated in messages: no key is so short.
const maxShown = 20

// Quoted is a value as messages may show it. A long one may be a key in the wrong place. The library has the same rule.
func Quoted(value string) string {
	if length := utf8.RuneCountInString(value); length > maxShown {
		return fmt.Sprintf("(a value of %d characters)", length)
	}
	return strconv.Quote(value)
}

type argumentCount bool

const (
	oneArgument   argumentCount = false
	manyArguments argumentCount = true
)

// checkedArguments returns the arguments of the option at the dispenser, each checked by the library while the dispenser
// stands on it, so that an error names its line. Placeholders are checked when they have their value.
func checkedArguments(d *caddyfile.Dispenser, field doors.Field, count argumentCount) ([]string, error) {
	return arguments(d, count, func(value string) error { return check(field, value) })
}

// check lets the library check a value that is known already.
func check(field doors.Field, value string) error {
	if hasPlaceholder(value) {
		return nil
	}
	return doors.Check(field, value)
}

// arguments returns the arguments of the option at the dispenser, each checked while the dispenser stands on it.
func arguments(d *caddyfile.Dispenser, count argumentCount, check func(string) error) ([]string, error) {
	option := d.Val()
	var values []string
	for d.NextArg() {
		if len(values) == 1 && count == oneArgument {
			return nil, d.Errf("surplus argument %s: %s takes one", Quoted(d.Val()), option)
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

// ErrorAt is an error with the file and line of a token, in the form of all Caddyfile errors.
func ErrorAt(tokens []caddyfile.Token, i int, message string) error {
	d := caddyfile.NewDispenser(tokens[i : i+1])
	d.Next()
	return d.Err(message)
}

// TextsOf are the texts of tokens.
func TextsOf(tokens []caddyfile.Token) (texts []string) {
	for _, token := range tokens {
		texts = append(texts, token.Text)
	}
	return texts
}
