package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// resolved returns a JSON object with its placeholders resolved.
func resolved(config []byte) (any, error) {
	document, err := decodeObject(config)
	if err != nil {
		return nil, err
	}
	return resolvePlaceholders(caddy.NewReplacer(), "", document)
}

func TestResolvePlaceholders(t *testing.T) {
	t.Setenv("DOORS_TEST_NETWORK", "10.0.0.0/24")
	t.Setenv("DOORS_TEST_PORT", "8080")
	t.Setenv("DOORS_TEST_SPACED", " 8080\n")
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("key1\nkey2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]string{
		`{"cookie_name":"a"}`:                                    `{"cookie_name":"a"}`,
		`{"secret":"{file.` + file + `}"}`:                       `{"secret":"key1\nkey2"}`,
		`{"upstreams":[{"cidr":"{env.DOORS_TEST_NETWORK}"}]}`:    `{"upstreams":[{"cidr":"10.0.0.0/24"}]}`,
		`{"upstreams":[{"cidrs":["{env.DOORS_TEST_NETWORK}"]}]}`: `{"upstreams":[{"cidrs":["10.0.0.0/24"]}]}`,
		`{"upstreams":[{"port":"{env.DOORS_TEST_PORT}"}]}`:       `{"upstreams":[{"port":8080}]}`,
		`{"upstreams":[{"port":"{env.DOORS_TEST_SPACED}"}]}`:     `{"upstreams":[{"port":8080}]}`,
		`{"upstreams":[{"port":80.50}]}`:                         `{"upstreams":[{"port":80.50}]}`,
		`{"upstreams":[{"port":"8080"}]}`:                        `{"upstreams":[{"port":"8080"}]}`,
	} {
		document, err := resolved([]byte(config))
		if err != nil {
			t.Errorf("%s: %v", config, err)
			continue
		}
		if got, err := json.Marshal(document); err != nil || string(got) != want {
			t.Errorf("%s resolves to %s, %v, want %s", config, got, err, want)
		}
	}
}

func TestUnresolvedPlaceholders(t *testing.T) {
	t.Setenv("DOORS_TEST_EMPTY", "")
	for config, want := range map[string][]string{
		`{"secret":"{env.DOORS_TEST_EMPTY}"}`:                       {"secret", "{env.DOORS_TEST_EMPTY}", "empty"},
		`{"secret":"{env.DOORS_TEST_NOT_SET}"}`:                     {"secret", "{env.DOORS_TEST_NOT_SET}"},
		`{"secret":"{file./nowhere/at/all}"}`:                       {"secret", "{file./nowhere/at/all}"},
		`{"upstreams":[{},{"host":"{no.such.placeholder}"}]}`:       {"upstreams[1].host", "{no.such.placeholder}"},
		`{"a key in the wrong place":"{env.DOORS_TEST_NOT_SET}"}`:   {"(a value of 24 characters): ", "{env.DOORS_TEST_NOT_SET}"},
		`{"upstreams":[{"cidrs":["10.0.0.0/24","{http.vars.x}"]}]}`: {"upstreams[0].cidrs[1]", "{http.vars.x}", "has no value"},
		`{"secret":"{` + caddytest.Secret + `}"}`:                   {"secret", "(its name has 44 characters)", "has no value"},
		`{"secret":"{env.X:` + caddytest.Secret + `}"}`:             {"secret", "(its name has 50 characters)", "empty"},
		`{"secret":"{file.` + caddytest.Secret + `}"}`:              {"secret", "(its name has 49 characters)", "cannot read the file"},
	} {
		_, err := resolved([]byte(config))
		if err == nil {
			t.Errorf("%s resolves", config)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), caddytest.Secret[:8]) {
				t.Errorf("%s: error lacks %q, or shows the key: %v", config, part, err)
			}
		}
	}
}

// A port from a placeholder follows the rules for ports in a Caddyfile. It is shown only if it
// cannot be a key.
func TestPortsFromPlaceholders(t *testing.T) {
	for value, want := range map[string]string{
		"true": `"true" is not a valid port`, "null": `"null" is not a valid port`, "8e3": `"8e3" is not a valid port`, "http": `"http" is not a valid port`, "65536": `"65536" is not a valid port`, "080": `"080" is not a valid port`,
		`"8080"`: "is not a valid port", `{"canary": "canary canary canary"}`: "a value of 34 characters is not a valid port",
	} {
		t.Setenv("DOORS_TEST_PORT", value)
		_, err := resolved([]byte(`{"upstreams":[{"port":"{env.DOORS_TEST_PORT}"}]}`))
		if err == nil || !strings.HasPrefix(err.Error(), "upstreams[0].port: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want an error with %q", value, err, want)
		}
	}
}

func TestHoldsSecret(t *testing.T) {
	for config, want := range map[string]bool{
		`{"secret":"AAECAwQFBgcICQoLDA0ODw=="}`:            true,
		`{"secret":""}`:                                    false,
		`{}`:                                               false,
		`{"secret":"{env.DOORS_SECRET}"}`:                  false,
		`{"secret":"{file./run/secrets/doors}"}`:           false,
		`{"secret":"{env.NEW} AAECAwQFBgcICQoLDA0ODw=="}`:  true,
		`{"secret":"{env.NEW} {env.OLD}"}`:                 false,
		`{"secret":"AAECAwQFBgcICQoLDA0ODw==\n{env.OLD}"}`: true,
		`{"secret":"{file./run/my secrets/doors}\n"}`:      false,
		`{"secret":7}`:                                     false,
	} {
		document, err := decodeObject([]byte(config))
		if got := hasLiteralKey(document["secret"]); err != nil || got != want {
			t.Errorf("%s: %v, %v", config, got, err)
		}
	}
}
