package original

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// country stands in for the matcher of the geolocation plugin named in docs/migrate.md. It has the same
// name and options, and takes the visitor's country from a header. scripts/stages/geolocation.sh adapts the
// sample with the real plugin.
type country struct {
	Database string   `json:"db_path"`
	Allowed  []string `json:"allow_countries"`
}

func (country) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.matchers.maxmind_geolocation", New: func() caddy.Module { return new(country) }}
}

func (c *country) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		switch name, values := d.Val(), d.RemainingArgs(); {
		case name == "db_path" && len(values) == 1:
			c.Database = values[0]
		case name == "allow_countries" && len(values) > 0:
			c.Allowed = values
		default:
			return d.Errf("%s %v", name, values)
		}
	}
	return nil
}

func (c *country) MatchWithError(r *http.Request) (bool, error) {
	return c.Database != "" && slices.Contains(c.Allowed, r.Header.Get("Test-Country")), nil
}

var _ caddyhttp.RequestMatcherWithError = (*country)(nil)

// The samples that replace doors_geo redirect visitors as it did.
func TestGeolocationSamples(t *testing.T) {
	if _, err := caddy.GetModule(string(country{}.CaddyModule().ID)); err != nil { // the first run with -count
		caddy.RegisterModule(country{})
	}
	t.Setenv("DOORS_SECRET", caddytest.Secret)
	page, err := os.ReadFile("../../../docs/migrate.md")
	if err != nil {
		t.Fatal(err)
	}
	samples := regexp.MustCompile("(?s)```caddy(?:file)?\n(example\\.com, .*?)```").FindAllStringSubmatch(string(page), -1)
	if len(samples) != 2 {
		t.Fatalf("docs/migrate.md has %d samples, want 2", len(samples))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	plain := strings.NewReplacer("example.com,", "http://example.com:"+port+",", "us.example.com,", "http://us.example.com:"+port+",",
		" us.example.com {", " http://us.example.com:"+port+" {", "eu.example.com {", "http://eu.example.com:"+port+" {")
	for i, header := range []string{"Test-Country", "CF-IPCountry"} {
		sites, handlers, _ := strings.Cut(samples[i][1], "\n")
		adapted, err := caddytest.Adapt("{\nadmin off\npersist_config off\nlog {\nlevel PANIC\n}\n}\n" + plain.Replace(sites) + "\nbind 127.0.0.1\n" + strings.TrimSuffix(handlers, "}\n") + "respond here\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		if err := caddy.Load([]byte(adapted), true); err != nil {
			t.Fatal(err)
		}
		defer caddy.Stop()
		for _, visit := range []struct{ host, country, want string }{
			{"example.com", "US", "307 https://us.example.com/a?b=c"},
			{"us.example.com", "US", "200 "},
			{"example.com", "JP", "200 "},
			{"example.com", "", "200 "},
			{"us.example.com", "FR", "307 https://eu.example.com/a?b=c"},
		} {
			if visit.country == "FR" && !strings.Contains(samples[i][1], " FR ") {
				visit.want = "200 "
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/a?b=c", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = visit.host
			r.Header.Set(header, visit.country)
			answer, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if got := fmt.Sprint(answer.StatusCode, " ", answer.Header.Get("Location")); got != visit.want {
				t.Errorf("%s from %q: %s, want %s", visit.host, visit.country, got, visit.want)
			}
		}
	}
}
