// In: names that stand where Caddy or this module does not know them.
// Out: errors that say what to write instead.

package takeover

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
)

// misplacedDirective refuses what is no directive, in the place of one.
func misplacedDirective(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	return nil, h.Errf("%s is not a directive; write `%s { %s %s { ... } }`", h.Val(), directiveID, documentedSubdirective, config.SourceName)
}

// checkSource refuses the value of a member that was meant to be our source and is spelled in another way. Caddy's own error would
// show all of it, the secret too, or not say what is right.
func checkSource(key string, text json.RawMessage) error {
	var list []map[string]json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		for i, element := range list {
			if _, found := element["source"]; found {
				return fmt.Errorf("%s[%d]: a source of upstreams is not an element of a list; write %q: {\"source\": %q, ...}", key, i, key, config.SourceName)
			}
		}
		return nil
	}
	members, err := config.Members(text)
	if err != nil {
		return nil
	}
	_, hasSecret := members["secret"]
	name := config.SourceOf(text)
	if name == "" && (hasSecret || redact.MayHoldKey(string(text))) {
		return fmt.Errorf("%s: source is required; with a secret it must be %q", key, config.SourceName)
	}
	if err := checkSourceName(name, hasSecret); name != "" && err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	var sources []json.RawMessage // of multi
	if json.Unmarshal(members["sources"], &sources) == nil {
		for i, source := range sources {
			if err := checkSource(fmt.Sprintf("%s.sources[%d]", key, i), source); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSourceName refuses the name of a source of upstreams that Caddy does not know and that was meant to be ours, or is a key.
// Caddy would show it, and not say what is right. Any other name is left to Caddy.
func checkSourceName(name string, hasSecret bool) error {
	meant := hasSecret || strings.Contains(strings.ToLower(name), "door") || redact.MayHoldKey(name)
	if name == config.SourceName || !meant {
		return nil
	}
	if _, err := caddy.GetModule("http.reverse_proxy.upstreams." + name); err == nil {
		return nil
	}
	return fmt.Errorf("there is no source of upstreams %s; did you mean %s?", config.Quoted(name), config.SourceName)
}
