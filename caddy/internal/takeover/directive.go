// In: the tokens of one reverse_proxy directive, or of a shortcut for it.
// Out: the same tokens with the documented `dynamic_upstreams doors_upstream` in Caddy's own spelling.

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

// documentedDirective wraps the stock reverse_proxy directive or a shortcut. Directives that do not name our source reach the
// stock function with the tokens they came with.
func documentedDirective(stock httpcaddyfile.UnmarshalFunc) httpcaddyfile.UnmarshalFunc {
	return func(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
		var tokens []caddyfile.Token
		for h.Next() {
			tokens = append(tokens, h.Token())
		}
		h.Reset()
		lines := subdirectives(tokens)
		if err := checkSourceNames(tokens, lines); err != nil {
			return nil, err
		}
		if err := checkSourceAlone(tokens, lines); err != nil {
			return nil, err
		}
		if renamed, ok := renameDocumented(tokens, lines); ok {
			h = h.WithDispenser(caddyfile.NewDispenser(renamed))
		}
		values, err := stock(h)
		if err != nil && slices.ContainsFunc(lines, func(i int) bool { return namesOurSource(tokens, i) }) {
			err = redact.Error(err, config.TextsOf(tokens)) // a key in a wrong place is not known to Caddy for what it is
		}
		return values, err
	}
}

// checkSourceNames refuses a source that Caddy does not know, where its own error would not help or show too much.
func checkSourceNames(tokens []caddyfile.Token, lines []int) error {
	for _, i := range lines {
		documented := tokens[i].Text == documentedSubdirective
		if !documented && tokens[i].Text != stockSubdirective || namesOurSource(tokens, i) {
			continue
		}
		if i+1 == len(tokens) || startsLine(tokens, i+1) || isBrace(tokens[i+1], "{") {
			if documented {
				return config.ErrorAt(tokens, i, "the name of the source is missing; write "+documentedSubdirective+" "+config.SourceName)
			}
			continue // Caddy's own error says so
		}
		name := tokens[i+1].Text
		if err := checkSourceName(name, documented); err != nil {
			return config.ErrorAt(tokens, i+1, err.Error())
		}
		if documented {
			return config.ErrorAt(tokens, i, documentedSubdirective+" is for "+config.SourceName+" only; write "+stockSubdirective+" "+name)
		}
	}
	return nil
}

// renameDocumented returns a copy of the tokens in which the documented subdirective, at one of the lines, has Caddy's own name,
// and whether there was one.
func renameDocumented(tokens []caddyfile.Token, lines []int) ([]caddyfile.Token, bool) {
	var renamed []caddyfile.Token
	for _, i := range lines {
		if tokens[i].Text == documentedSubdirective && namesOurSource(tokens, i) {
			if renamed == nil {
				renamed = append(renamed, tokens...)
			}
			renamed[i].Text = stockSubdirective
		}
	}
	return renamed, renamed != nil
}

// checkSourceAlone refuses what the stock directive would drop or ignore in silence: a second source,
// and static upstreams next to our source.
func checkSourceAlone(tokens []caddyfile.Token, lines []int) error {
	var sources []int
	ours := false
	for _, i := range lines {
		switch tokens[i].Text {
		case documentedSubdirective, stockSubdirective:
			sources = append(sources, i)
			ours = ours || namesOurSource(tokens, i)
		}
	}
	if !ours {
		return nil
	}
	if len(sources) > 1 {
		return config.ErrorAt(tokens, sources[1], "a second source of upstreams: with "+config.SourceName+" there can be no other")
	}
	for _, i := range lines {
		if tokens[i].Text == "to" {
			return config.ErrorAt(tokens, i, "static upstreams beside "+config.SourceName+": it names every upstream itself; remove `to`")
		}
	}
	for i := 1; i < len(tokens) && !startsLine(tokens, i) && !isBrace(tokens[i], "{"); i++ {
		isMatcher := i == 1 && strings.ContainsAny(tokens[i].Text[:min(1, len(tokens[i].Text))], "*/@")
		if !isMatcher {
			return config.ErrorAt(tokens, i, "static upstream "+config.Quoted(tokens[i].Text)+" beside "+config.SourceName+": it names every upstream itself; remove the address")
		}
	}
	return nil
}

// subdirectives returns the index of the first token of each line directly inside the directive's block.
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

func namesOurSource(tokens []caddyfile.Token, subdirective int) bool {
	argument := subdirective + 1
	return argument < len(tokens) && !startsLine(tokens, argument) && tokens[argument].Text == config.SourceName
}

// startsLine tells whether token i is the first of its line. A dispenser over two tokens applies Caddy's own rule,
// which also knows about imports, quotes and heredocs.
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
