package takeover

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
)

const (
	documentedSubdirective = "dynamic_upstreams"
	stockSubdirective      = "dynamic"
)

// documentedDirective wraps the stock reverse_proxy directive, or a shortcut for it. A directive
// without our source reaches the stock function with its tokens unchanged.
func documentedDirective(stock httpcaddyfile.UnmarshalFunc) httpcaddyfile.UnmarshalFunc {
	return func(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
		var tokens []caddyfile.Token
		for h.Next() {
			tokens = append(tokens, h.Token())
		}
		h.Reset()
		lines := subdirectives(tokens)
		for _, i := range lines {
			if err := checkSourceAt(tokens, i); err != nil {
				return nil, err
			}
		}
		names := func(i int) bool { return isOurs(nameAt(tokens, i)) }
		ours := slices.IndexFunc(lines, func(i int) bool { return isSource(tokens[i]) && names(i) })
		if ours >= 0 {
			if err := checkAlone(tokens, lines); err != nil {
				return nil, err
			}
			renamed := slices.Clone(tokens)
			renamed[lines[ours]].Text = stockSubdirective
			h = h.WithDispenser(caddyfile.NewDispenser(renamed))
		}
		values, err := stock(h)
		if slices.ContainsFunc(lines, names) {
			err = redact.Error(err, config.TextsOf(tokens)) // Caddy does not recognize a key in the wrong place
		}
		return values, err
	}
}

// misplacedDirective returns the error for one of our options written as a directive.
func misplacedDirective(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	return nil, h.Errf("%s is not a directive; write `%s { %s %s { ... } }`", h.Val(), config.Directive, documentedSubdirective, config.SourceName)
}

// checkSourceAt rejects an unknown source if Caddy's own error would not help or would show too
// much.
func checkSourceAt(tokens []caddyfile.Token, i int) error {
	name, documented := nameAt(tokens, i), tokens[i].Text == documentedSubdirective
	if !isSource(tokens[i]) || isOurs(name) || name == "" && !documented { // Caddy's own error says what is missing
		return nil
	}
	if name == "" {
		return config.ErrorAt(tokens[i], "the name of the source is missing; write "+documentedSubdirective+" "+config.SourceName)
	}
	if err := checkSourceName(name, documented); err != nil {
		return config.ErrorAt(tokens[i+1], err.Error())
	}
	if documented {
		return config.ErrorAt(tokens[i], documentedSubdirective+" takes only "+config.SourceName+"; write "+stockSubdirective+" "+name)
	}
	return nil
}

// checkAlone rejects what the stock directive would silently drop beside our source: a second
// source, and static upstreams.
func checkAlone(tokens []caddyfile.Token, lines []int) error {
	const beside = " cannot be combined with " + config.SourceName + ", which lists all upstreams; remove "
	sources := 0
	for _, i := range lines {
		switch {
		case tokens[i].Text == "to":
			return config.ErrorAt(tokens[i], "static upstreams"+beside+"`to`")
		case isSource(tokens[i]) && sources > 0:
			return config.ErrorAt(tokens[i], config.SourceName+" must be the only source of upstreams; remove the other one")
		case isSource(tokens[i]):
			sources++
		}
	}
	for i := 1; i < len(tokens) && !startsLine(tokens, i) && !isBrace(tokens[i], "{"); i++ {
		if text := tokens[i].Text; i > 1 || text == "" || !strings.Contains("*/@", text[:1]) { // else a matcher
			return config.ErrorAt(tokens[i], "static upstream "+config.Quoted(text)+beside+"the address")
		}
	}
	return nil
}

// subdirectives returns the index of the first token of each line directly in the directive's
// block.
func subdirectives(tokens []caddyfile.Token) []int {
	var found []int
	depth := 0
	for i, token := range tokens {
		switch {
		case isBrace(token, "}") && startsLine(tokens, i):
			depth--
		case isBrace(token, "{") && i > 0 && !startsLine(tokens, i) && (i+1 == len(tokens) || startsLine(tokens, i+1)):
			depth++
		case depth == 1 && startsLine(tokens, i):
			found = append(found, i)
		}
	}
	return found
}

func isSource(token caddyfile.Token) bool {
	return token.Text == documentedSubdirective || token.Text == stockSubdirective
}

// nameAt returns the first argument of the line that begins at token i, or "".
func nameAt(tokens []caddyfile.Token, i int) string {
	if i++; i < len(tokens) && !startsLine(tokens, i) && !isBrace(tokens[i], "{") {
		return tokens[i].Text
	}
	return ""
}

// startsLine reports whether token i is the first of its line. A dispenser over two tokens applies
// Caddy's own rule, which covers imports, quotes and heredocs.
func startsLine(tokens []caddyfile.Token, i int) bool {
	if i == 0 {
		return true
	}
	pair := caddyfile.NewDispenser(tokens[i-1 : i+1])
	pair.Next()
	return pair.NextLine()
}

func isBrace(token caddyfile.Token, brace string) bool {
	return token.Text == brace && !token.Quoted()
}
