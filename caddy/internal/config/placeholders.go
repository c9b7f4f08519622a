package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
	"github.com/doors-dev/doors-caddy/routing"
)

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// hasPlaceholder reports whether a value contains a placeholder, so that it is known only when the
// configuration is loaded.
func hasPlaceholder(value string) bool { return placeholder.MatchString(value) }

// decodeObject decodes a JSON object.
func decodeObject(config []byte) (document map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(config))
	decoder.UseNumber() // the library checks numbers by their text
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("must be a JSON object: %w", err)
	}
	return document, nil
}

// resolvePlaceholders replaces the global placeholders in all strings of a value, in place. An
// unknown or empty placeholder is an error. The error has the path of the value, such as
// upstreams[1].cidr, and the name of the placeholder unless that may be a key.
func resolvePlaceholders(replacer *caddy.Replacer, path string, value any) (any, error) {
	var err error
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			inner := strings.TrimPrefix(path+"."+strings.Trim(Quoted(name), `"`), ".")
			if value[name], err = resolvePlaceholders(replacer, inner, member); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, element := range value {
			if value[i], err = resolvePlaceholders(replacer, path+"["+strconv.Itoa(i)+"]", element); err != nil {
				return nil, err
			}
		}
	case string:
		if !hasPlaceholder(value) {
			break
		}
		resolved, err := resolveText(replacer, value)
		if err == nil && strings.HasSuffix(path, ".port") { // a number in JSON; only a placeholder makes it a string
			resolved = strings.TrimSpace(resolved)
			if err = routing.Check(routing.FieldPort, resolved); err == nil {
				return json.Number(resolved), nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return resolved, nil
	}
	return value, nil
}

func resolveText(replacer *caddy.Replacer, text string) (string, error) {
	for _, found := range placeholder.FindAllString(text, -1) {
		name, isFile := strings.CutPrefix(strings.Trim(found, "{}"), "file.")
		if _, err := os.Stat(name); isFile && err != nil && redact.MayHoldKey(name) { // Caddy would log the name
			return "", fmt.Errorf("cannot read the file of the placeholder %s", shownPlaceholder("file."+name))
		}
	}
	return replacer.ReplaceFunc(text, func(name string, value any) (any, error) {
		switch {
		case value == nil && strings.HasPrefix(name, "file."):
			return nil, fmt.Errorf("cannot read the file of the placeholder %s", shownPlaceholder(name))
		case value == nil:
			return nil, fmt.Errorf("the placeholder %s has no value when the configuration is loaded; use {env.NAME} or {file.PATH}", shownPlaceholder(name))
		case caddy.ToString(value) == "":
			return nil, fmt.Errorf("the placeholder %s is empty", shownPlaceholder(name))
		}
		return value, nil
	})
}

// shownPlaceholder returns a placeholder for use in a message, without its name if that may be a key in
// the wrong place.
func shownPlaceholder(name string) string {
	if redact.MayHoldKey(name) {
		return fmt.Sprintf("(its name has %d characters)", len(name))
	}
	return "{" + name + "}"
}

// maxShown is the length of the longest value that messages show, in characters. Keys are longer.
const maxShown = 20

// Quoted returns a value for use in a message: in quotes, or only its length if it may be a key in the
// wrong place. The library has the same rule.
func Quoted(value string) string {
	if length := utf8.RuneCountInString(value); length > maxShown {
		return fmt.Sprintf("(a value of %d characters)", length)
	}
	return strconv.Quote(value)
}

// literalKeyNotice is the notice about a configuration that contains a key.
const literalKeyNotice = "the configuration contains the secret in plain text, so the admin API and whatever else shows the configuration reveal it; " +
	"write {env.DOORS_SECRET} or {file./run/secrets/doors} instead"

// hasLiteralKey reports whether a secret contains more than placeholders.
func hasLiteralKey(secret any) bool {
	text, _ := secret.(string)
	return strings.TrimSpace(placeholder.ReplaceAllString(text, "")) != ""
}
