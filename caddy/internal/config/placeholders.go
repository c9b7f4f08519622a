// In: the JSON of a source, with placeholders in its strings.
// Out: the same object with their values, which nobody but the library sees.

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
	"github.com/doors-dev/doors-caddy/go"
)

// resolvePlaceholders decodes a JSON object and replaces the global placeholders in all its strings. A placeholder that is
// unknown or empty is an error that names it, unless its name may be a key, and the member it stands in.
func resolvePlaceholders(config []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(config))
	decoder.UseNumber() // the library judges numbers by their text
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("must be a JSON object: %w", err)
	}
	_, err := resolveValue(caddy.NewReplacer(), "", document)
	return document, err
}

// resolveValue resolves one value of the document, which it changes in place. The path is that of the value,
// such as upstreams[1].cidr.
func resolveValue(replacer *caddy.Replacer, path string, value any) (any, error) {
	var err error
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if value[name], err = resolveValue(replacer, strings.TrimPrefix(path+"."+memberName(name), "."), member); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, element := range value {
			if value[i], err = resolveValue(replacer, path+"["+strconv.Itoa(i)+"]", element); err != nil {
				return nil, err
			}
		}
	case string:
		return resolveString(replacer, path, value)
	}
	return value, nil
}

// memberName is a name as paths show it: of a long one, which may be a key in the wrong place, the length.
func memberName(name string) string {
	if utf8.RuneCountInString(name) > maxShown {
		return Quoted(name)
	}
	return name
}

func resolveString(replacer *caddy.Replacer, path, value string) (any, error) {
	if !hasPlaceholder(value) {
		return value, nil
	}
	for _, found := range placeholder.FindAllString(value, -1) {
		name, isFile := strings.CutPrefix(found[1:len(found)-1], "file.")
		if _, err := os.Stat(name); isFile && err != nil && redact.MayHoldKey(name) {
			return nil, fmt.Errorf("%s: the file of the placeholder %s cannot be read", path, shownPlaceholder("file."+name)) // Caddy would log the name
		}
	}
	resolved, err := replacer.ReplaceFunc(value, func(name string, value any) (any, error) {
		switch {
		case value == nil && strings.HasPrefix(name, "file."):
			return nil, fmt.Errorf("the file of the placeholder %s cannot be read", shownPlaceholder(name))
		case value == nil:
			return nil, fmt.Errorf("the placeholder %s is unknown", shownPlaceholder(name))
		case caddy.ToString(value) == "":
			return nil, fmt.Errorf("the placeholder %s is empty", shownPlaceholder(name))
		}
		return value, nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// Ports are numbers in JSON; only a placeholder makes one a string.
	if strings.HasSuffix(path, ".port") {
		port := strings.TrimSpace(resolved)
		if err := doors.Check(doors.FieldPort, port); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return json.Number(port), nil
	}
	return resolved, nil
}

// shownPlaceholder is a placeholder as messages may show it: without its name if that may be a key in the wrong place.
func shownPlaceholder(name string) string {
	if redact.MayHoldKey(name) {
		return fmt.Sprintf("(its name has %d characters)", len(name))
	}
	return "{" + name + "}"
}

// hasPlaceholder tells whether a value is known only when the configuration is loaded.
func hasPlaceholder(value string) bool {
	open := strings.IndexByte(value, '{')
	return open >= 0 && strings.IndexByte(value[open:], '}') > 0
}

// literalSecret is said of a configuration that holds a key.
const literalSecret = "the configuration holds the secret itself, and with it whatever shows the configuration, such as the admin API: " +
	"better write {env.DOORS_SECRET} or {file./run/secrets/doors}"

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// holdsSecret tells whether a key of a source's JSON stands there in clear.
func holdsSecret(config []byte) bool {
	var source struct {
		Secret string `json:"secret"`
	}
	return json.Unmarshal(config, &source) == nil && strings.TrimSpace(placeholder.ReplaceAllString(source.Secret, "")) != ""
}
