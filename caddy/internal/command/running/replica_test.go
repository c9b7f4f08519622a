package running

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string][3]string{
		"10.0.0.3:2020":               {"http://10.0.0.3:2020", "tcp", "10.0.0.3:2020"},
		"[fd00::3]:2020":              {"http://[fd00::3]:2020", "tcp", "[fd00::3]:2020"},
		"caddy.default.svc:2020":      {"http://caddy.default.svc:2020", "tcp", "caddy.default.svc:2020"},
		":2019":                       {"http://localhost:2019", "tcp", "localhost:2019"},
		"http://caddy:2020/status/":   {"http://caddy:2020/status/", "tcp", "caddy:2020"},
		"http://caddy":                {"http://caddy", "tcp", "caddy:80"},
		"https://caddy/":              {"https://caddy/", "tcp", "caddy:443"},
		"https://[fd00::3]/x":         {"https://[fd00::3]/x", "tcp", "[fd00::3]:443"},
		"unix//run/caddy.sock":        {"http://127.0.0.1", "unix", "/run/caddy.sock"},
		"unix//run/caddy.sock|0220":   {"http://127.0.0.1", "unix", "/run/caddy.sock"},
		"http://user:word@caddy:2020": {"http://user:word@caddy:2020", "tcp", "caddy:2020"},
	} {
		base, network, address, err := parseAddress(text)
		if got := [3]string{base.String(), network, address}; err != nil || got != want {
			t.Errorf("%s: got %q, want %q (%v)", text, got, want, err)
		}
	}
	for _, text := range []string{"", "caddy", "caddy:", "caddy:0", "caddy:1-3", "udp/caddy:1", "ftp://caddy", "http://", "http:// :1", "caddy:99999"} {
		if _, _, _, err := parseAddress(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	// Errors show the argument as given, without a password.
	for text, want := range map[string]string{
		"caddy":                 "--address caddy: ",
		"caddy:2020/status":     "--address caddy:2020/status: ",
		"ftp://caddy":           "--address ftp://caddy: ",
		"http:// :1":            "--address http:// :1: ",
		"ftp://user:word@caddy": "--address ftp://user:xxxxx@caddy: ",
		"user:word@caddy:2020":  "--address xxxxx@caddy:2020: ",
		"http://user:word@ :1":  "--address xxxxx@ :1: ",
	} {
		if _, err := replicasAt(t.Context(), text); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "word") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// nameIs makes caddy.test the only host name.
func nameIs(t *testing.T, addresses ...string) {
	t.Helper()
	before := lookupHost
	t.Cleanup(func() { lookupHost = before })
	lookupHost = func(_ context.Context, _, host string) (found []netip.Addr, err error) {
		if host != "caddy.test" {
			return nil, &net.DNSError{Name: host, Err: "no such host", IsNotFound: true}
		}
		for _, address := range addresses {
			found = append(found, netip.MustParseAddr(address))
		}
		return found, nil
	}
}

func TestReplicasAt(t *testing.T) {
	nameIs(t, "127.0.0.1", "::ffff:127.0.1.1")
	for text, names := range map[string][]string{
		"127.0.0.1:2020":        {"127.0.0.1:2020"},
		"localhost:2020":        {"localhost:2020"},
		"unix//run/caddy.sock":  {"unix//run/caddy.sock"},
		"http://127.0.0.1:2020": {"http://127.0.0.1:2020"},
		"caddy.test:2020":       {"caddy.test:2020 (127.0.0.1:2020)", "caddy.test:2020 (127.0.1.1:2020)"},
	} {
		replicas, err := replicasAt(t.Context(), text)
		if err != nil || len(replicas) != len(names) {
			t.Errorf("%s: %d replicas, %v", text, len(replicas), err)
			continue
		}
		for i, replica := range replicas {
			if replica.name != names[i] {
				t.Errorf("got %s, want %s", replica.name, names[i])
			}
		}
	}
	if _, err := replicasAt(t.Context(), "other.test:2020"); err == nil {
		t.Error("a name without addresses is accepted")
	}
}

func TestVanished(t *testing.T) {
	here, there := netip.MustParseAddr("127.0.1.1"), netip.MustParseAddr("127.0.1.2")
	answer := func(addresses []netip.Addr, err error) func(context.Context) ([]netip.Addr, error) {
		return func(context.Context) ([]netip.Addr, error) { return addresses, err }
	}
	for name, want := range map[string]struct {
		lookup   func(context.Context) ([]netip.Addr, error)
		vanished bool
	}{
		"given by address": {nil, false},
		"still there":      {answer([]netip.Addr{there, here}, nil), false},
		"replaced":         {answer([]netip.Addr{there}, nil), true},
		"DNS fails":        {answer(nil, errors.New("timeout")), false},
	} {
		r := &replica{lookup: want.lookup, place: here}
		if got := r.vanished(t.Context()); got != want.vanished {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A question goes to doors_status first and then to the admin API. Later ones go only to the one that
// answered.
func TestWhereToAsk(t *testing.T) {
	const ours = `{"answer":"yes"}`
	for name, place := range map[string]struct {
		pattern, kind, body string
		status              int
		fails               string
		asked               string
	}{
		"doors_status":            {"/base/state", "application/json", ours, 200, "", "/base/state /base/state"},
		"admin API":               {"/base/doors", "application/json; charset=utf-8", ours, 200, "", "/base/state /base/doors /base/doors"},
		"neither":                 {"/nothing", "", "", 200, "status 404", "/base/state /base/doors /base/state /base/doors"},
		"something else":          {"/", "text/html", ours, 200, "status 200", "/base/state /base/doors /base/state /base/doors"},
		"no JSON in truth":        {"/", "application/json", "yes", 200, "status 200", "/base/state /base/doors /base/state /base/doors"},
		"a reason":                {"/", "application/json", `{"error":"because"}`, 404, "because", "/base/state /base/state"},
		"a fault":                 {"/", "text/plain", "", 502, "status 502", "/base/state /base/state"},
		"a redirection elsewhere": {"/", "text/plain", "", 302, "status 302", "/base/state /base/doors /base/state /base/doors"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			mux := http.NewServeMux()
			mux.HandleFunc(place.pattern, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", place.kind)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(place.status)
				_, _ = w.Write([]byte(place.body))
			})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Path)
				mux.ServeHTTP(w, r)
			}))
			defer server.Close()
			base, err := url.Parse(server.URL + "/base/")
			if err != nil {
				t.Fatal(err)
			}
			r := newReplica("test", *base, "tcp", base.Host, site, admin)
			for range 2 {
				var document struct {
					Answer string `json:"answer"`
				}
				err := r.get(t.Context(), question{path: [...]string{site: "/state", admin: "/doors"}}, &document, 200)
				switch {
				case place.fails == "" && (err != nil || document.Answer != "yes"):
					t.Errorf("%v, %+v", err, document)
				case place.fails != "" && (err == nil || !strings.Contains(err.Error(), place.fails)):
					t.Errorf("got %v, want %s", err, place.fails)
				}
			}
			if got := strings.Join(asked, " "); got != place.asked {
				t.Errorf("asked %s, want %s", got, place.asked)
			}
		})
	}
}
