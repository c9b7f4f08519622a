package inspect

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// canaries returns keys of each size that occur in no other text and do not look like names.
func canaries() (keys []string) {
	for _, size := range []int{16, 24, 32} {
		key := make([]byte, size)
		rand.Read(key)
		text := base64.StdEncoding.EncodeToString(key)
		if !strings.Contains(text, "=") {
			text = "+" + text[1:] // 24 bytes need no padding
		}
		keys = append(keys, text)
	}
	return keys
}

// shows returns the part of a text that shows more of a key than chance allows, or "".
func shows(text, key string) string {
	for i := 0; i+8 <= len(key); i++ {
		if at := strings.Index(text, key[i:i+8]); at >= 0 {
			return "..." + text[max(0, at-200):min(len(text), at+60)] + "..."
		}
	}
	return ""
}

// loadLogged loads a configuration and returns its error and log. It does not use the level DEBUG:
// Caddy itself would log the whole configuration.
func loadLogged(t *testing.T, config string) (err error, log string) {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal([]byte(config), &document); err != nil {
		t.Fatalf("%s: %v", config, err)
	}
	file := filepath.Join(t.TempDir(), "log")
	document["admin"] = map[string]any{"disabled": true, "config": map[string]any{"persist": false}}
	document["logging"] = map[string]any{"logs": map[string]any{"default": map[string]any{
		"level": "INFO", "writer": map[string]any{"output": "file", "filename": file}}}}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	err = caddy.Load(text, true)
	if stopErr := caddy.Stop(); stopErr != nil {
		t.Fatal(stopErr)
	}
	written, _ := os.ReadFile(file) // no file if the configuration failed early
	return err, string(written)
}

const canaryUpstream = "upstream {\npod_cidr 127.0.1.0/24\nhost 127.0.1.1\nupstream_port 80\n}\n"

// A key in the wrong place of a Caddyfile appears neither in the adapter's error nor in the error
// and log of the load.
func TestNoCaddyfileShowsAKey(t *testing.T) {
	const good = "secret " + caddytest.Secret + "\n" + canaryUpstream
	var caddyfiles []string
	for _, options := range []string{
		// as an option name, and around one
		"KEY", "KEY a", `"secret KEY"`, "secret=KEY", "secretKEY", "KEY {\nKEY\n}", good + "KEY", good + "KEY KEY {\nKEY KEY\n}",
		// in the secret itself
		"secret KEYx", "secret KEY KEY", "secret \"KEY KEY\"", "secret KEY {\nKEY\n}", "secret KEY,KEY", "secret <KEY>", "secret KEY\nsecret KEY", "secret !KEY!", canaryUpstream + "secret KEY\nKEY",
		"secret {KEY}\n" + canaryUpstream, "secret {env.KEY}\n" + canaryUpstream, "secret {env.X:KEY}\n" + canaryUpstream, "secret {file.KEY}\n" + canaryUpstream,
		"secret {file./run/KEY}\n" + canaryUpstream, "secret {$KEY}\n" + canaryUpstream, "secret {$DOORS_TEST_NOT_SET:{KEY}}\n" + canaryUpstream, "secret {secret.KEY}\n" + canaryUpstream,
		"secret KEY{env.DOORS_TEST_NOT_SET}\n" + canaryUpstream, "secret {http.KEY}\n" + canaryUpstream, "secret {\nKEY\n}",
		// in other options
		"cookie_name KEY\n" + good, "cookie_name a KEY\n" + good, "cookie_name a\ncookie_name KEY", "cookie_name {KEY}\n" + good,
		"upstream KEY", "upstream {\nKEY\n}", "upstream {\nsecret KEY\n}", "upstream {\npod_cidr KEY\n}", "upstream {\npod_cidr 10.0.0.0/24 KEY\n}", "upstream {\npod_cidr 10.0.0.0/KEY\n}",
		"upstream {\npod_cidr 10.0.0.0/24,KEY\n}", "upstream {\nhost KEY\n}", "upstream {\nhost a KEY\n}", "upstream {\nhost KEY:80\n}", "upstream {\nhost http://KEY\n}",
		"upstream {\nupstream_port KEY\n}", "upstream {\nupstream_port 80 KEY\n}",
		"secret " + caddytest.Secret + "\nupstream {\npod_cidr {KEY}\nhost {KEY}\nupstream_port {KEY}\n}", "secret " + caddytest.Secret + "\nupstream {\npod_cidr 10.0.0.0/8\nhost a\nupstream_port {env.KEY}\n}",
		"refresh KEY", "refresh 1s KEY", "resolvers KEY\n" + good, "resolvers unix/KEY", "resolvers tcp/KEY:53\n" + good, "resolvers {KEY}\n" + good, "dial_timeout KEY", "dial_fallback_delay KEY", "versions KEY", "versions ipv4 KEY",
		"stale_max KEY", "gone_after KEY", "gone_rate KEY", "page_wait KEY", "max_pods KEY", "decision_header KEY\n" + good, "decision_header X KEY\n" + good, "decision_header {KEY}\n" + good, "decision_header X:KEY",
	} {
		caddyfiles = append(caddyfiles, "http://127.0.0.1:1 {\n\treverse_proxy {\n\t\tdynamic_upstreams doors_upstream {\n"+options+"\n\t\t}\n\t}\n}\n")
	}
	around := func(before, inside string) string {
		return "http://127.0.0.1:1 {\nreverse_proxy " + before + " {\n" + inside + "\n}\n}\n"
	}
	ours := "dynamic_upstreams doors_upstream {\n" + good + "}\n"
	caddyfiles = append(caddyfiles,
		around("", "dynamic_upstreams doors_upstream KEY {\n}"), around("", "dynamic_upstreams KEY {\n}"), around("", "dynamic KEY {\n}"), around("", "dynamic KEY"),
		around("KEY", ours), around("/* KEY", ours), around("", "to KEY\n"+ours), around("", ours+"to KEY"), around("", "KEY\n"+ours), around("", ours+"KEY"), around("", "KEY KEY\n"+ours),
		around("", ours+"secret KEY"), around("", ours+"dynamic KEY"), around("", ours+"lb_policy KEY"), around("", ours+"lb_policy cookie KEY KEY KEY"), around("", ours+"lb_retries KEY"), around("", ours+"lb_try_duration KEY"), around("", ours+"header_up KEY KEY KEY KEY"),
		around("", ours+"transport KEY"), around("", ours+"transport http {\nKEY\n}"), around("", ours+"transport http {\nversions KEY\n}"), around("", ours+"flush_interval KEY"), around("", ours+"handle_response KEY"),
		around("", ours+"request_buffers KEY"), around("", ours+"health_interval KEY"), around("", ours+"trusted_proxies KEY"), around("", ours+"@KEY KEY KEY"),
		"http://127.0.0.1:1 {\ndynamic_upstreams KEY {\n}\n}\n", "http://127.0.0.1:1 {\ndoors_handler KEY {\nsecret KEY\n}\n}\n", "http://127.0.0.1:1 {\ndoors_upstream {\nsecret KEY\n}\n}\n",
		"http://127.0.0.1:1 {\nhandle {\ndynamic_upstreams doors_upstream {\nsecret KEY\n}\n}\n}\n",
	)
	adapted := 0
	for _, key := range canaries() {
		for _, caddyfile := range caddyfiles {
			result, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(strings.ReplaceAll(caddyfile, "KEY", key)), map[string]any{"filename": "Caddyfile"})
			if shown := shows(fmt.Sprint(warnings), key); shown != "" {
				t.Errorf("%s: a warning of the adapter: %s", caddyfile, shown)
			}
			if err != nil {
				if shown := shows(err.Error(), key); shown != "" {
					t.Errorf("%s: the error of the adapter: %s", caddyfile, shown)
				}
				continue
			}
			adapted++
			err, log := loadLogged(t, string(result))
			if shown := shows(fmt.Sprintln(err, log), key); shown != "" {
				t.Errorf("%s: the load: %s", caddyfile, shown)
			}
		}
	}
	if adapted < 30 {
		t.Errorf("only %d Caddyfiles with a key adapt, too few to test the load", adapted)
	}
}

// A key in the wrong place of JSON does not appear either, whether the configuration is loaded or
// only read.
func TestNoJSONShowsAKey(t *testing.T) {
	const rest = `"upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": 80}]`
	sources := []string{
		`{}`, `"KEY"`, `["KEY"]`, `{"KEY": 1}`, `{"source": "KEY"}`, `{"source": "KEY", "secret": "KEY"}`, `{"source": ["KEY"]}`, `{"source": {"KEY": "KEY"}, "secret": "KEY"}`,
		`{"source": "doors_upstreams", "secret": "KEY"}`, `{"Source": "doors_upstream", "secret": "KEY"}`, `{"cookie_name": "KEY"}`, `[{"source": "doors_upstream", "secret": "KEY"}]`,
		`[{"dial": "127.0.0.1:80", "source": "KEY"}]`,
	}
	for _, members := range []string{
		`"secret": "KEY", ` + rest, `"secret": "KEYx", ` + rest, `"secret": ["KEY"], ` + rest, `"secret": {"KEY": "KEY"}, ` + rest, `"secret": "{KEY}", ` + rest, `"secret": "{env.X:KEY}", ` + rest,
		`"secret": "{file.KEY}", ` + rest, `"secret": "KEY", "secret": "KEY", ` + rest, `"KEY": "KEY", ` + rest, `"key": "KEY", ` + rest, `"KEY": "{KEY}", ` + rest, `"Secret": "KEY", ` + rest,
		`"secret": "SECRET", "cookie_name": "KEY", ` + rest, `"secret": "SECRET", "cookie_name": ["KEY"], ` + rest, `"secret": "SECRET", "cookie_name": "{env.KEY}", ` + rest,
		`"secret": "SECRET", "upstreams": "KEY"`, `"secret": "SECRET", "upstreams": ["KEY"]`, `"secret": "SECRET", "upstreams": {"KEY": 1}`, `"secret": "SECRET", "upstreams": [{"KEY": "KEY"}]`,
		`"secret": "SECRET", "upstreams": [{"secret": "KEY"}]`, `"secret": "SECRET", "upstreams": [{"cidr": "KEY"}]`, `"secret": "SECRET", "upstreams": [{"cidrs": ["KEY"]}]`, `"secret": "SECRET", "upstreams": [{"cidrs": "KEY"}]`,
		`"secret": "SECRET", "upstreams": [{"host": "KEY"}]`, `"secret": "SECRET", "upstreams": [{"host": ["KEY"]}]`, `"secret": "SECRET", "upstreams": [{"port": "KEY"}]`, `"secret": "SECRET", "upstreams": [{"port": "{KEY}"}]`,
		`"secret": "SECRET", "refresh": "KEY", ` + rest, `"secret": "SECRET", "resolver": "KEY", ` + rest, `"secret": "SECRET", "resolver": {"KEY": 1}, ` + rest, `"secret": "SECRET", "resolver": {"addresses": ["KEY"]}, ` + rest,
		`"secret": "SECRET", "resolver": {"addresses": ["udp/KEY:53"]}, ` + rest, `"secret": "SECRET", "resolver": {"addresses": "KEY"}, ` + rest, `"secret": "SECRET", "dial_timeout": "KEY", ` + rest, `"secret": "SECRET", "versions": "KEY", ` + rest,
		`"secret": "SECRET", "versions": {"KEY": true}, ` + rest, `"secret": "SECRET", "gone_after": "KEY", ` + rest, `"secret": "SECRET", "gone_rate": "KEY", ` + rest, `"secret": "SECRET", "decision_header": "KEY", ` + rest,
		`"secret": "SECRET", "stale_max": {"KEY": "KEY"}, ` + rest,
	} {
		sources = append(sources, `{"source": "doors_upstream", `+members+`}`)
	}
	var handlers []string
	for _, source := range sources {
		handlers = append(handlers, `"upstreams": `+source, `"dynamic_upstreams": `+source)
	}
	good := `"upstreams": {"source": "doors_upstream", "secret": "SECRET", ` + rest + `}, `
	for _, member := range []string{`"KEY": 1`, `"secret": "KEY"`, `"transport": {"protocol": "KEY"}`, `"transport": {"protocol": "http", "KEY": 1}`, `"load_balancing": {"selection_policy": {"policy": "KEY"}}`,
		`"load_balancing": {"KEY": 1}`, `"flush_interval": "KEY"`, `"trusted_proxies": ["KEY"]`, `"dynamic_upstreams": {"source": "KEY"}`, `"circuit_breaker": {"type": "KEY"}`, `"health_checks": {"active": {"uri": "KEY", "timeout": "KEY"}}`,
		`"handle_response": [{"routes": [{"handle": [{"handler": "reverse_proxy", "KEY": 1}]}]}]`, `"rewrite": {"KEY": "KEY"}`} {
		handlers = append(handlers, good+member)
	}
	for _, key := range canaries() {
		for _, handler := range handlers {
			config := fmt.Sprintf(`{"apps": {"http": {"servers": {"a": {"listen": ["127.0.0.1:0"], "routes": [{"handle": [{"handler": "reverse_proxy", %s}]}]}}}}}`, handler)
			config = strings.NewReplacer("KEY", key, "SECRET", caddytest.Secret).Replace(config)
			err, log := loadLogged(t, config)
			_, readErr := readSources([]byte(config)) // as for caddy doors explain
			if shown := shows(fmt.Sprintln(err, log, readErr), key); shown != "" {
				t.Errorf("%s: %s", handler, shown)
			}
		}
	}
}
