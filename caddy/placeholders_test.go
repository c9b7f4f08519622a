package caddydoors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResolvePlaceholders(t *testing.T) {
	t.Setenv("DOORS_TEST_NETWORK", "10.0.0.0/24")
	t.Setenv("DOORS_TEST_PORT", "8080")
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
		`{"upstreams":[{"port":80.50}]}`:                         `{"upstreams":[{"port":80.50}]}`,
		`{"upstreams":[{"port":"8080"}]}`:                        `{"upstreams":[{"port":"8080"}]}`,
	} {
		resolved, err := resolvePlaceholders([]byte(config))
		if err != nil {
			t.Errorf("%s: %v", config, err)
			continue
		}
		if got, err := json.Marshal(resolved); err != nil || string(got) != want {
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
		`{"upstreams":[{"cidrs":["10.0.0.0/24","{http.vars.x}"]}]}`: {"upstreams[0].cidrs[1]", "{http.vars.x}"},
	} {
		_, err := resolvePlaceholders([]byte(config))
		if err == nil {
			t.Errorf("%s resolves", config)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error lacks %q: %v", config, part, err)
			}
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
		if got := holdsSecret([]byte(config)); got != want {
			t.Errorf("%s: %v", config, got)
		}
	}
}
