package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

// rollback is a Caddy that runs a configuration with a source, and tries to load others.
type rollback struct {
	running string // configuration
	port    int    // of its server
	before  inUse
	admin   *http.Client
}

// inUse is what a configuration uses. A rejected one must leave none of it.
type inUse struct {
	config              string // as the admin API reports it
	sources, references int
	goroutines          int // running our code or that of Caddy's proxy
}

// startRollback runs the first configuration.
func startRollback(t testing.TB) *rollback {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rollback{port: listener.Addr().(*net.TCPAddr).Port}
	_ = listener.Close()
	folder, err := os.MkdirTemp("", "doors") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(folder, "admin")
	r.admin = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	t.Cleanup(func() {
		_ = caddy.Load(r.with(`{"handler": "static_response"}`), true) // Caddy keeps the last configuration with an admin server
		_ = caddy.Stop()
		_ = os.RemoveAll(folder)
	})
	r.running = fmt.Sprintf(`{"admin": {"listen": "unix/%s", "config": {"persist": false}}, "logging": {"logs": {"default": {"level": "PANIC"}}},
		"apps": {"http": {"servers": {"test": {"listen": ["127.0.0.1:%d"], "automatic_https": {"disable": true}, "routes": [{"handle": [HANDLER]}]}}}}}`, socket, r.port)
	r.load(t)
	r.load(t) // creates what the first configuration of a process leaves behind
	checkLive(t, "at the start", 1)
	caddytest.Eventually(t, func() string {
		if r.before = r.inUse(t); r.before.config == "" {
			return "the admin API does not answer"
		}
		return ""
	})
	return r
}

// with returns the configuration with a handler. SELF stands for the port of the server, and SECRET
// for a key.
func (r *rollback) with(handler string) []byte {
	handler = strings.NewReplacer("SELF", fmt.Sprint(r.port), "SECRET", caddytest.Secret).Replace(handler)
	return []byte(strings.Replace(r.running, "HANDLER", handler, 1))
}

func (r *rollback) load(t testing.TB) {
	t.Helper()
	if err := caddy.Load(r.with(strings.Replace(caddytest.OneUpstream, "PORT", "80", 1)), true); err != nil {
		t.Fatal(err)
	}
}

func (r *rollback) inUse(t testing.TB) inUse {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/config/", nil)
	if err != nil {
		t.Fatal(err)
	}
	used := inUse{goroutines: len(ourGoroutines())}
	if answer, err := r.admin.Do(request); err == nil { // else a replaced admin server has dropped the connection
		config, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		used.config = string(config)
	}
	used.references, _ = pool.References(processKey)
	process, err := Acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer process.Release()
	used.sources = len(process.sources.list)
	return used
}

// try loads the configuration with a handler and returns its error. Afterwards, and also after an
// accepted configuration is replaced again, all must be as before.
func (r *rollback) try(t testing.TB, handler string) error {
	t.Helper()
	refused := caddy.Load(r.with(handler), true)
	if refused == nil {
		r.load(t)
	}
	r.check(t, handler, refused)
	if refused != nil {
		r.load(t) // until then Caddy's certificate cache keeps the rejected app
		r.check(t, handler, refused)
	}
	checkLive(t, handler, 1)
	return refused
}

func (r *rollback) check(t testing.TB, handler string, refused error) {
	t.Helper()
	caddytest.Eventually(t, func() (problem string) {
		if now := r.inUse(t); now != r.before {
			problem = fmt.Sprintf("%s leaves\n%+v, of\n%+v (refused: %v)", handler, now, r.before, refused)
		}
		return problem
	})
}

// ourGoroutines returns the stacks of the goroutines that run our code or that of Caddy's proxy. It
// skips those of tests, and the cleanup goroutine that Caddy's proxy keeps for the life of the
// process once it has seen a dynamic upstream.
func ourGoroutines() (ours []string) {
	stacks := make([]byte, 1<<20)
	all := string(stacks[:runtime.Stack(stacks, true)])
	for stack := range strings.SplitSeq(all, "\n\n") {
		isOurs := strings.Contains(stack, "/doors-caddy/caddy") || strings.Contains(stack, "/caddyhttp/reverseproxy")
		if isOurs && !strings.Contains(stack, "testing.tRunner") && !strings.Contains(stack, "fillDynamicHost") {
			ours = append(ours, stack)
		}
	}
	return ours
}

// ourSource returns a handler with a source in the given member, one more member in the handler,
// and one more in the source.
func ourSource(member, inHandler, inSource string) string {
	return `{"handler": "reverse_proxy", ` + inHandler + `"` + member + `": {"source": "doors_upstream", ` + inSource +
		`"secret": "SECRET", "upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": 80}]}}`
}

// faultyHandlers are handlers that cannot be loaded, by their error: one for each place where a
// module of ours can fail.
var faultyHandlers = map[string][]string{
	`upstreams: source is required; with a secret it must be "doors_upstream"`:         {`{"handler": "reverse_proxy", "upstreams": {"secret": "SECRET"}}`},
	`dynamic_upstreams: source is required; with a secret it must be "doors_upstream"`: {`{"handler": "reverse_proxy", "dynamic_upstreams": {"secret": "SECRET"}}`},
	`dynamic_upstreams.sources[1]: source is required`:                                 {`{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "multi", "sources": [{"source": "a"}, {"secret": "SECRET"}]}}`},
	`doors_upstream must be the only source of upstreams`:                              {ourSource("upstreams", `"dynamic_upstreams": {"source": "a"}, `, "")},
	`unknown field "x"`: {ourSource("upstreams", `"x": 1, `, ""), `{"handler": "doors_status", "x": 1}`},
	`transport: must be an object such as {"protocol": "http"}`: {
		ourSource("upstreams", `"transport": "http", `, ""), ourSource("upstreams", `"transport": [1], `, ""), ourSource("dynamic_upstreams", `"transport": 5, `, ""),
	},
	`transport: tls: must be an object`: {
		ourSource("upstreams", `"transport": {"protocol": "http", "tls": 5}, `, ""), ourSource("dynamic_upstreams", `"transport": {"protocol": "http", "TLS": "x"}, `, ""),
	},
	`loading transport`:                                       {ourSource("upstreams", `"transport": {}, `, ""), ourSource("upstreams", `"transport": {"protocol": "x"}, `, ""), ourSource("upstreams", `"transport": null, `, "")},
	`loading load balancing selection policy`:                 {ourSource("upstreams", `"load_balancing": {"selection_policy": {"policy": "x"}}, `, "")},
	`invalid IP address`:                                      {ourSource("upstreams", `"trusted_proxies": ["x"], `, "")},
	`provisioning response handler 0`:                         {ourSource("upstreams", `"handle_response": [{"routes": [{"handle": [{"handler": "x"}]}]}], `, "")},
	`works only with the transport`:                           {ourSource("upstreams", `"transport": {"protocol": "fastcgi"}, `, "")},
	`does not support HTTP/3 to pods`:                         {ourSource("upstreams", `"transport": {"protocol": "http", "versions": ["3"], "tls": {}}, `, "")},
	`Caddy would proxy to itself`:                             {`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "SECRET", "upstreams": [{"cidr": "127.0.0.0/24", "host": "a", "port": SELF}]}}`},
	"cannot be used inside `multi`":                           {`{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "multi", "sources": [{"source": "doors_upstream", "secret": "SECRET"}]}}`},
	`static upstreams cannot be combined with doors_upstream`: {ourSource("dynamic_upstreams", `"upstreams": [{"dial": "127.0.0.1:1"}], `, "")},
	`the placeholder {x} has no value`:                        {ourSource("upstreams", "", `"cookie_name": "{x}", `)},
	`unknown member`:                                          {ourSource("upstreams", "", `"x": 1, `)},
	`refresh: must be a duration`:                             {ourSource("upstreams", "", `"refresh": "soon", `)},
	`resolver.addresses[0]`:                                   {ourSource("upstreams", "", `"resolver": {"addresses": ["unix//x"]}, `)},
	`cookie_name`:                                             {ourSource("upstreams", "", `"cookie_name": "a;b", `)},
	`cannot unmarshal`:                                        {`{"handler": "reverse_proxy", "upstreams": 5}`, `{"handler": "reverse_proxy", "dynamic_upstreams": 5}`, `{"handler": "reverse_proxy", "transport": "http"}`},
	`upstreams`:                                               {`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "SECRET"}}`},
	`loading upstream source module`:                          {`{"handler": "reverse_proxy", "dynamic_upstreams": null}`},
	`unknown source of upstreams`:                             {`{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "doors_upstreamz"}}`},
	`no request passes a doors_handler`:                       {`{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "doors_upstreams"}}`},
	`transport: `: {`{"handler": "doors_handler", "secret": "SECRET", "upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": 80}]},
		{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstreams"}, "transport": {"protocol": "fastcgi"}}`},
	`provisioning embedded headers handler`: {ourSource("upstreams", `"headers": {"request": {"replace": {"X": [{"search_regexp": "("}]}}}, `, "")},
	`loading circuit breaker`:               {ourSource("upstreams", `"circuit_breaker": {"type": "x"}, `, "")},
	`unsupported HTTP version`:              {ourSource("upstreams", `"transport": {"protocol": "http", "versions": ["4"]}, `, "")},
}

// A configuration that cannot be loaded leaves everything as it was, wherever it fails: no panic,
// no router, no goroutine.
func TestFaultyHandlersLeaveNothing(t *testing.T) {
	r := startRollback(t)
	for want, handlers := range faultyHandlers {
		for _, handler := range handlers {
			err := r.try(t, handler)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), caddytest.Secret) {
				t.Errorf("%s: %v, want an error with %q", handler, err, want)
			}
		}
	}
}

// validHandlers are handlers that can be loaded.
var validHandlers = []string{
	`{"handler": "reverse_proxy"}`,
	`{"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.0.1:1"}]}`,
	ourSource("upstreams", "", ""),
	ourSource("dynamic_upstreams", "", ""),
	ourSource("upstreams", `"transport": {"protocol": "http", "tls": {"insecure_skip_verify": true}, "versions": ["2"]}, `, `"gone_after": "5s", `),
	ourSource("upstreams", `"transport": {"protocol": "http", "network_proxy": {"from": "none"}, "keep_alive": {"enabled": false}}, `, ""),
	ourSource("upstreams", `"load_balancing": {"selection_policy": {"policy": "cookie"}, "retries": 2}, "flush_interval": -1, `, `"refresh": "1m", "resolver": {"addresses": ["127.0.0.1:1"]}, `),
	ourSource("upstreams", `"health_checks": {"passive": {"fail_duration": "1s"}}, "headers": {"request": {"set": {"Host": ["{http.reverse_proxy.upstream.hostport}"]}}}, `, `"decision_header": "X", `),
	`{"handler": "reverse_proxy", "upstreams": {"source": "doors_upstream", "secret": "SECRET", "cookie_name": "c", "upstreams": [
		{"cidrs": ["127.0.1.0/24", "fd00::/64"], "host": "a.test", "port": 80}, {"cidr": "127.0.2.0/24", "host": "127.0.2.1", "port": 81}]}}`,
}

// unchanged is the position of no value.
const unchanged = int16(-1)

// misplaced are values to put where they do not belong.
var misplaced = []any{nil, 5, "http", []any{1}, map[string]any{}, true, -1, "", "{x}", "10.0.0.1", []any{}, map[string]any{"source": "doors_upstream"}}

// replaced replaces the value with the given position in a document, counted in document order.
func replaced(document any, number *int16, by any) any {
	*number--
	if *number == -1 {
		return by
	}
	switch document := document.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(document)) {
			document[name] = replaced(document[name], number, by)
		}
	case []any:
		for i := range document {
			document[i] = replaced(document[i], number, by)
		}
	}
	return document
}

func TestValidHandlersLeaveNothing(t *testing.T) {
	r := startRollback(t)
	for _, handler := range validHandlers {
		if err := r.try(t, handler); err != nil {
			t.Errorf("%s: %v", handler, err)
		}
	}
}

// FuzzHandler loads handlers with arbitrary JSON, with one value replaced by another. Each must be
// accepted or rejected, and leave nothing behind. docs/fuzzing.md says how to run it for longer.
func FuzzHandler(f *testing.F) {
	for _, handlers := range faultyHandlers {
		for _, handler := range handlers {
			f.Add(handler, unchanged, uint8(0))
		}
	}
	for number, handler := range validHandlers {
		f.Add(handler, int16(number), uint8(number))
	}
	r := startRollback(f)
	f.Fuzz(func(t *testing.T, handler string, place int16, by uint8) {
		var document any
		if json.Unmarshal([]byte(handler), &document) == nil {
			document = replaced(document, &place, misplaced[int(by)%len(misplaced)])
			if members, ok := document.(map[string]any); ok {
				members["handler"] = config.Directive // other modules are not under test
			}
			text, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			handler = string(text)
		}
		_ = r.try(t, handler)
	})
}
