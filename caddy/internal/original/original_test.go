package original

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
)

// Two apps with one pod each.
const first, second = "127.0.1.1", "127.0.2.1"

// start runs a Caddyfile on an address of its own. FIRST and SECOND stand for the block of a
// doors_handler for each app, and PROXY for a reverse_proxy behind it.
func start(t *testing.T, sites string) (address string, err error) {
	t.Helper()
	block := func(host string) string {
		pod := caddytest.StartPodWith(t, host, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, host) })
		return fmt.Sprintf("{\nsecret %s\nupstream {\npod_cidr %s/32\nhost %s\nupstream_port %d\n}\n}", caddytest.Secret, host, host, pod.Address.Port())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	adapted, err := caddytest.Adapt("{\nadmin off\npersist_config off\nlog {\nlevel PANIC\n}\n}\n" + strings.NewReplacer(
		"FIRST", block(first), "SECOND", block(second), "ADDRESS", address, "PROXY", "reverse_proxy {\ndynamic_upstreams doors_upstreams\n}").Replace(sites))
	if err != nil {
		return "", err
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return address, caddy.Load([]byte(adapted), true)
}

// get returns the body of an answer, or the status if it is not 200.
func get(t *testing.T, address, host, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Sprint(answer.StatusCode)
	}
	return string(body)
}

// A proxy uses the last handler that the request has passed, wherever the two are.
func TestProxiesFindTheirHandler(t *testing.T) {
	const site = "http://ADDRESS {\n"
	const challenge = "/.well-known/acme-challenge/x"
	token := "/~/" + caddytest.TokenOf(t, first) + "/s/i"
	for name, test := range map[string]struct {
		sites string
		want  map[string]string // the app for each path
	}{
		"side by side":                {site + "doors_handler FIRST\nPROXY\n}", map[string]string{"/": first, token: first, "/~/forged/s/i": "410"}},
		"in the other order":          {site + "PROXY\ndoors_handler FIRST\n}", map[string]string{"/": first}},
		"in other routes":             {site + "route {\ndoors_handler FIRST\n}\nroute {\nPROXY\n}\n}", map[string]string{"/": first, token: first}},
		"in a deeper route":           {site + "route {\ndoors_handler FIRST\nhandle {\nPROXY\n}\n}\n}", map[string]string{"/": first}},
		"one for several proxies":     {site + "doors_handler FIRST\nreverse_proxy /a {\ndynamic doors_upstreams\n}\nPROXY\n}", map[string]string{"/": first, "/a": first}},
		"two for one proxy":           {site + "doors_handler /a FIRST\ndoors_handler /b SECOND\nPROXY\n}", map[string]string{"/a": first, "/b": second, "/": "503"}},
		"two after each other":        {site + "route {\ndoors_handler FIRST\ndoors_handler SECOND\nPROXY\n}\n}", map[string]string{"/": second}},
		"each in its handle":          {site + "handle /a {\ndoors_handler FIRST\nPROXY\n}\nhandle {\ndoors_handler SECOND\nPROXY\n}\n}", map[string]string{"/a": first, "/": second}},
		"from a snippet":              {"(app) {\ndoors_handler FIRST\nPROXY\n}\n" + site + "import app\n}", map[string]string{"/": first}},
		"both behind a matcher":       {site + "@a path /a\nroute {\ndoors_handler @a FIRST\nreverse_proxy @a {\ndynamic doors_upstreams\n}\nrespond ok\n}\n}", map[string]string{"/a": first, "/": "ok"}},
		"below a stripped prefix":     {site + "handle_path /a/* {\ndoors_handler FIRST\nPROXY\n}\n}", map[string]string{"/a/": first, "/a" + token: first}},
		"beside the documented form":  {site + "doors_handler FIRST\nreverse_proxy /new {\ndynamic_upstreams doors_upstream SECOND\n}\nPROXY\n}", map[string]string{"/": first, "/new": second}},
		"for an error":                {site + "route {\ndoors_handler FIRST\nerror /a 500\nrespond ok\n}\nhandle_errors {\nPROXY\n}\n}", map[string]string{"/": "ok", "/a": first}},
		"for a named route":           {"&(doors) {\nPROXY\n}\n" + site + "route {\ndoors_handler FIRST\ninvoke doors\n}\n}", map[string]string{"/": first}},
		"challenge answered behind":   {site + "doors_handler FIRST\nrespond /.well-known/acme-challenge/* ok\nPROXY\n}", map[string]string{"/": first, challenge: "ok"}},
		"challenge that gets nowhere": {site + "doors_handler FIRST\nPROXY\n}", map[string]string{challenge: "404", "/.well-known/other": first}},
	} {
		address, err := start(t, test.sites)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for path, want := range test.want {
			if got := get(t, address, "", path); got != want {
				t.Errorf("%s: %s leads to %s, want %s", name, path, got, want)
			}
		}
	}
}

// A configuration is rejected if no request can pass a handler on its way to the proxy. So are misplaced
// options and unsupported features.
func TestRefused(t *testing.T) {
	const none = "doors_upstreams: no request passes a doors_handler before this reverse_proxy; put one before it"
	for sites, want := range map[string]string{
		"http://ADDRESS {\nPROXY\n}":                                                                                                                               none,
		"http://ADDRESS {\nroute {\nPROXY\ndoors_handler FIRST\n}\n}":                                                                                              none,
		"http://ADDRESS {\nhandle /a {\ndoors_handler FIRST\n}\nhandle {\nPROXY\n}\n}":                                                                             none,
		"http://a.test:9 {\nbind 127.0.0.1\ndoors_handler FIRST\n}\nhttp://b.test:9 {\nbind 127.0.0.1\nPROXY\n}":                                                   none,
		"http://ADDRESS {\ndoors_handler FIRST\n}\nhttp://127.0.0.1:9 {\nPROXY\n}":                                                                                 none,
		"http://ADDRESS {\nreverse_proxy {\ndynamic_upstreams doors_upstreams {\nsecret a\n}\n}\n}":                                                                "takes no options; they belong in doors_handler",
		"http://ADDRESS {\nreverse_proxy {\ndynamic doors_upstreams a\n}\n}":                                                                                       "takes no options; they belong in doors_handler",
		"http://ADDRESS {\nreverse_proxy 127.0.0.1:1 {\ndynamic doors_upstreams\n}\n}":                                                                             "127.0.0.1:1",
		"http://ADDRESS {\nreverse_proxy {\ndynamic multi {\ndoors_upstreams\n}\n}\n}":                                                                             "works only as the one source of upstreams",
		"http://ADDRESS {\ndoors_handler {\nsecret a\n}\n}":                                                                                                        "at Caddyfile:10",
		"http://ADDRESS {\ndoors_handler {\nsecret " + caddytest.Secret + "\nupstream {\npod_cidr 10.0.0.1/24\nhost a\nupstream_port 1\n}\n}\n}":                   "10.0.0.1/24 has host bits set; write 10.0.0.0/24, at Caddyfile:12",
		"http://ADDRESS {\ndoors_handler {\nsecret " + caddytest.Secret + "\nupstream {\npod_cidr 10.0.0.0/24\nhost {http.request.host}\nupstream_port 1\n}\n}\n}": "{http.request.host} has no value when the configuration is loaded",
		"http://ADDRESS {\ndoors_handler {\nsecrets a\n}\n}":                                                                                                       "\"secrets\"",
		"http://ADDRESS {\ndoors_handler " + caddytest.Secret + " {\n}\n}":                                                                                         "unexpected argument (a value of 44 characters)",
		"http://ADDRESS {\ndoors_geo {\nus.example.com {\nUS CA\n}\n}\n}":                                                                                          "doors_geo is not part of this module; redirect by country with a geolocation plugin of Caddy, as docs/migrate.md shows",
	} {
		if _, err := start(t, sites); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), caddytest.Secret) {
			t.Errorf("%s\ngives %v\nwant %s", sites, err, want)
		}
	}
	for handler, want := range map[string]string{
		`{"handler":"doors_geo","redirects":{}}`: "as docs/migrate.md shows",
		`{"handler":"reverse_proxy","upstreams":{"source":"doors_upstreams","secret":"` + caddytest.Secret + `"}}`:                     "takes no options; they belong in doors_handler",
		`{"handler":"doors_handler","secret":"` + caddytest.Secret + `","upstreams":[{"cidr":"10.0.0.0/24","host":"a","port":70000}]}`: "upstreams[0].port",
		`{"handler":"doors_handler","` + caddytest.Secret + `":1}`:                                                                     "(a value of 44 characters)",
		`{"handler":"doors_handler","upstreams":[]},{"handler":"reverse_proxy","upstreams":{"source":"doors_upstreams"}}`:              "upstreams",
	} {
		if _, err := caddytest.StartCaddy(t, handler, caddytest.DeadPod(t, first)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), caddytest.Secret) {
			t.Errorf("%s\ngives %v\nwant %s", handler, err, want)
		}
	}
	if len(handlers.list) > 0 {
		t.Errorf("%d handlers are left", len(handlers.list))
	}
	restore := caddytest.PutBackStock(t) // as in a Caddy whose tables are not as expected
	defer restore()
	if _, err := start(t, "http://ADDRESS {\ndoors_handler FIRST\nreverse_proxy {\ndynamic doors_upstreams\n}\n}"); err == nil || !strings.Contains(err.Error(), "write doors_upstream instead") {
		t.Errorf("under Caddy's own reverse_proxy: %v", err)
	}
}

// Sites that share a server are independent: a proxy has sources only for the handlers of its own site.
func TestSourcesAreFew(t *testing.T) {
	var sources []*proxy.Source
	proxy.Inspected = func(h *proxy.Handler, _ []config.Warning) { sources = append(sources, h.Source()) }
	defer func() { proxy.Inspected = nil }()
	const site = "http://%s.test:9 {\nbind 127.0.0.1\ndoors_handler %s\nPROXY\n}\n"
	address, err := start(t, fmt.Sprintf(site, "a", "FIRST")+fmt.Sprintf(site, "b", "SECOND")+"http://ADDRESS {\nhandle /a {\ndoors_handler FIRST\nPROXY\n}\nhandle {\ndoors_handler SECOND\nPROXY\n}\n}")
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) != 4 {
		t.Errorf("%d sources for 4 pairs", len(sources))
	}
	if got := get(t, address, "", "/a"); got != first {
		t.Errorf("leads to %s", got)
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if len(handlers.list) > 0 {
		t.Errorf("%d handlers are left", len(handlers.list))
	}
}

// All spellings give the same configuration.
func TestSpellings(t *testing.T) {
	site := "http://127.0.0.1:9 {\nreverse_proxy {\n%s doors_upstreams\n}\n}\n"
	documented, err := caddytest.Adapt(fmt.Sprintf(site, "dynamic_upstreams"))
	if err != nil {
		t.Fatal(err)
	}
	if own, err := caddytest.Adapt(fmt.Sprintf(site, "dynamic")); err != nil || own != documented {
		t.Errorf("Caddy's own spelling gives\n%s, %v\nwant\n%s", own, err, documented)
	}
	for _, member := range []string{"upstreams", "dynamic_upstreams", "Dynamic_Upstreams"} {
		pod := caddytest.StartPodWith(t, first, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, first) })
		url, err := caddytest.StartCaddy(t, `{"handler": "doors_handler", "secret": "SECRET", "upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": PORT}]},
			{"handler": "reverse_proxy", "`+member+`": {"source": "doors_upstreams"}}`, pod)
		if err != nil {
			t.Errorf("%s: %v", member, err)
			continue
		}
		if got := get(t, strings.TrimPrefix(url, "http://"), "", "/"); got != first {
			t.Errorf("%s: leads to %s", member, got)
		}
	}
}
