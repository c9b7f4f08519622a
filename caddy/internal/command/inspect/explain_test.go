package inspect

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/routing"
)

const (
	oldKey = "AAECAwQFBgcICQoLDA0ODw=="
	newKey = "EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8="
)

// routerOf returns a source with two keys and the given upstreams.
func routerOf(t *testing.T, cookie string, upstreams ...Upstream) Source {
	t.Helper()
	type upstream struct {
		CIDRs []string `json:"cidrs"`
		Hosts []string `json:"hosts"`
		Port  uint16   `json:"port"`
	}
	config := struct {
		Secret    string     `json:"secret"`
		Cookie    string     `json:"cookie_name,omitempty"`
		Upstreams []upstream `json:"upstreams"`
	}{newKey + " " + oldKey, cookie, nil}
	for _, one := range upstreams {
		config.Upstreams = append(config.Upstreams, upstream(one))
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	router, err := routing.NewRouter(text)
	if err != nil {
		t.Fatal(err)
	}
	return Source{Place: "apps.http", Router: router, CookieName: cookie, Upstreams: upstreams}
}

var (
	blue  = Upstream{CIDRs: []string{"fd00::/64", "10.0.0.0/24"}, Hosts: []string{"blue.test"}, Port: 8080}
	green = Upstream{CIDRs: []string{"10.0.1.0/24"}, Hosts: []string{"green.test"}, Port: 9090}
)

// module returns a Module for a configuration with the given sources.
func module(sources ...Source) Module {
	return Module{Sources: func([]byte) ([]Source, error) { return sources, nil }}
}

// emptyConfig returns the path of a configuration that the module ignores.
func emptyConfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "caddy.json")
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func token(t *testing.T, key, address string) string {
	t.Helper()
	cipher, err := routing.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := cipher.Encode(netip.MustParseAddr(address))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// One case for each row of the decision table, as JSON and in words.
func TestExplain(t *testing.T) {
	both, one, oneWithCookie := routerOf(t, "upstream", blue, green), routerOf(t, "", blue), routerOf(t, "upstream", blue)
	foreign := strings.Repeat("/", 42) + "8="
	const fewestPages = " pods drawn at random the one with fewer pages gets the request. With lb_policy, health checks or a circuit breaker,"
	config := emptyConfig(t)
	for name, row := range map[string]struct {
		source       Source
		path, cookie string
		want         string // JSON without source, place and steps; key identifiers as KEY0 and KEY1
		words        []string
	}{
		"pod": {both, "/~/" + token(t, newKey, "10.0.1.7") + "/s/inst", "",
			`"path":"sync","decision":"pod","reason":"none","key":0,"key_id":"KEY0","address":"10.0.1.7","upstream":1,"host":"green.test","cidr":"10.0.1.0/24","dial":"10.0.1.7:9090"`,
			[]string{"/s/", "Key 0 (KEY0) opens the token", "10.0.1.0/24 of upstreams[1] (green.test:9090)", "dials 10.0.1.7:9090 and no other", "410", "503"}},
		"pod by the second key and network": {both, "https://example.com/~/" + token(t, oldKey, "10.0.0.7") + "/h/inst/1?t=1", "",
			`"path":"hook","decision":"pod","reason":"none","key":1,"key_id":"KEY1","address":"10.0.0.7","upstream":0,"host":"blue.test","cidr":"10.0.0.0/24","dial":"10.0.0.7:8080"`,
			[]string{"/h/", "Key 1 (KEY1)"}},
		"resource": {both, "/~/" + token(t, newKey, "fd00::7") + "/r/x.js", "",
			`"path":"resource","decision":"pod","reason":"none","key":0,"key_id":"KEY0","address":"fd00::7","upstream":0,"host":"blue.test","cidr":"fd00::/64","dial":"[fd00::7]:8080"`,
			[]string{"/r/", "fresh pod of blue.test:8080"}},
		"history": {one, "/~/" + token(t, newKey, "10.0.0.7") + "/u/x", "",
			`"path":"history","decision":"pod","reason":"none","key":0,"key_id":"KEY0","address":"10.0.0.7","upstream":0,"host":"blue.test","cidr":"10.0.0.0/24","dial":"10.0.0.7:8080"`,
			[]string{"/u/"}},
		"other key": {both, "/~/" + token(t, foreign, "10.0.0.7") + "/s/x", "",
			`"path":"sync","decision":"gone","reason":"token_refused","status":410`,
			[]string{"No key opens", "key 0 (KEY0), key 1 (KEY1)", "410", "gone_rate"}},
		"malformed": {both, "/~/canary!/h/x", "",
			`"path":"hook","decision":"gone","reason":"token_malformed","status":410`, []string{"malformed"}},
		"elsewhere": {both, "/~/" + token(t, oldKey, "10.9.0.7"), "",
			`"path":"other","decision":"gone","reason":"no_cidr","key":1,"key_id":"KEY1","address":"10.9.0.7","status":410`,
			[]string{"lives on 10.9.0.7", "no pod_cidr: fd00::/64 10.0.0.0/24 10.0.1.0/24"}},
		"cookie": {both, "/page", "a=b; upstream=" + token(t, oldKey, "10.0.1.8"),
			`"path":"page","decision":"upstream","reason":"cookie","key":1,"key_id":"KEY1","address":"10.0.1.8","upstream":1,"host":"green.test","cidr":"10.0.1.0/24"`,
			[]string{"Key 1 (KEY1) opens the cookie upstream", "fresh pods of green.test:9090", "10.0.1.8 if it is one of them", "Otherwise of two" + fewestPages}},
		"no cookie": {both, "/", "other=canary",
			`"path":"page","decision":"any","reason":"no_cookie"`, []string{"no cookie upstream", "blue.test:8080, green.test:9090", "take turns. Of two" + fewestPages}},
		"unusable cookie": {both, "/", "upstream=canary",
			`"path":"page","decision":"any","reason":"cookie_unusable"`, []string{"No cookie upstream is usable"}},
		"cut off": {both, "/~/canary/h/x", "",
			`"path":"hook","decision":"gone","reason":"token_refused","status":410`, []string{"or it is cut off"}},
		"one upstream": {one, "http://example.com", "",
			`"path":"page","decision":"upstream","reason":"only_upstream","upstream":0,"host":"blue.test"`, []string{"cookie_name is not set", "one upstream", "  4. Of two" + fewestPages}},
		"one upstream with a cookie": {oneWithCookie, "/", "upstream=canary",
			`"path":"page","decision":"upstream","reason":"only_upstream","upstream":0,"host":"blue.test"`, []string{"no usable cookie upstream"}},
	} {
		t.Run(name, func(t *testing.T) {
			keys := strings.NewReplacer("KEY0", row.source.Router.KeyIDs()[0], "KEY1", row.source.Router.KeyIDs()[1])
			args := []string{"explain", "--config", config, "--path", row.path}
			if row.cookie != "" {
				args = append(args, "--cookie", row.cookie)
			}
			said := runDoors(t, module(row.source), args...)
			shown := runDoors(t, module(row.source), append(args, "--json")...)
			said.Wants(t, 0, "")
			shown.Wants(t, 0, "")
			for _, words := range row.words {
				if words = keys.Replace(words); !strings.Contains(said.Stdout, words) {
					t.Errorf("%s\nlacks %q", said.Stdout, words)
				}
			}
			var got []map[string]any
			if err := json.Unmarshal([]byte(shown.Stdout), &got); err != nil || len(got) != 1 {
				t.Fatalf("%v in %s", err, shown.Stdout)
			}
			steps, _ := got[0]["steps"].([]any)
			for _, step := range steps {
				if !strings.Contains(said.Stdout, fmt.Sprint(step)) {
					t.Errorf("%s\nlacks %q", said.Stdout, step)
				}
			}
			delete(got[0], "steps")
			var want map[string]any
			if err := json.Unmarshal([]byte(keys.Replace(`{"source":0,"place":"apps.http",`+row.want+`}`)), &want); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got[0]) != fmt.Sprint(want) || len(steps) < 3 {
				t.Errorf("%v\nand not\n%v", got[0], want)
			}
			if all := said.Stdout + shown.Stdout; strings.Contains(all, "canary") || strings.Contains(all, row.path) && len(row.path) > 40 {
				t.Errorf("a token is repeated:\n%s", all)
			}
		})
	}
}

func TestExplainSources(t *testing.T) {
	config := emptyConfig(t)
	two := module(routerOf(t, "", blue), routerOf(t, "", green))
	all := runDoors(t, two, "explain", "-c", config, "--path", "/")
	all.Wants(t, 0, "")
	if !strings.HasPrefix(all.Stdout, "source 0, apps.http\n  1. ") || !strings.Contains(all.Stdout, "\n\nsource 1, apps.http\n  1. ") {
		t.Errorf("%s", all.Stdout)
	}
	second := runDoors(t, two, "explain", "-c", config, "--path", "/", "--source", "1")
	second.Wants(t, 0, "")
	if !strings.HasPrefix(second.Stdout, "source 1, ") {
		t.Errorf("%s", second.Stdout)
	}
	runDoors(t, two, "explain", "-c", config, "--path", "/", "--source", "2").Wants(t, cli.ExitCannot, "0 to 1")
	runDoors(t, two, "explain", "-c", config, "--path", "/", "--source", "-1").Wants(t, cli.ExitCannot, "0 to 1")
	runDoors(t, module(), "explain", "-c", config, "--path", "/").Wants(t, cli.ExitCannot, "no reverse_proxy")
	runDoors(t, two, "explain", "-c", config).Wants(t, cli.ExitCannot, "--path")
	runDoors(t, two, "explain", "-c", "/nowhere/caddy.json", "--path", "/").Wants(t, cli.ExitCannot, "/nowhere/caddy.json")
	for _, path := range []string{"canary", "/%zz-canary", ":canary", "mailto:canary"} {
		refused := runDoors(t, two, "explain", "-c", config, "--path", path)
		refused.Wants(t, cli.ExitCannot, "--path must be")
		if strings.Contains(refused.Stderr, "canary") {
			t.Error(refused.Stderr)
		}
	}
	t.Chdir(t.TempDir())
	runDoors(t, two, "explain", "--path", "/").Wants(t, cli.ExitCannot, "no Caddyfile")
}
