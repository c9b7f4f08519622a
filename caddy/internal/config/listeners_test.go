package config

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// validate provisions a configuration with the given servers, each as "name": {...}.
func validate(t *testing.T, servers ...string) error {
	t.Helper()
	config := `{"logging": {"logs": {"default": {"level": "PANIC"}}}, "apps": {"http": {"servers": {` + strings.ReplaceAll(strings.Join(servers, ","), "SECRET", caddytest.Secret) + `}}}}`
	var parsed caddy.Config
	if err := caddy.StrictUnmarshalJSON([]byte(config), &parsed); err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(&parsed)
}

// A Caddy that could dial itself is rejected, whether it listens on one address or on all.
func TestRefusesToProxyToItself(t *testing.T) {
	for _, test := range []struct {
		listen, cidr, host string
		want               string // "" if valid
	}{
		{"127.0.1.1:18080", "127.0.1.0/24", "a", "the network contains 127.0.1.1"},
		{"127.0.1.1:18000-18100", "127.0.1.0/24", "a", "the network contains 127.0.1.1"},
		{":18080", "127.0.0.0/24", "a", "the network contains 127.0.0.1"},
		{"127.0.2.1:18080", "127.0.1.0/24", "a", ""},
		{"127.0.1.1:18081", "127.0.1.0/24", "a", ""},
		{"127.0.1.1:18000-18079", "127.0.1.0/24", "a", ""},
		{"unix//tmp/doors.sock", "127.0.1.0/24", "127.0.1.1", ""},
		{"127.0.2.1:18080", "127.0.1.0/24", "127.0.2.1", "the host is 127.0.2.1"},
		{"127.0.2.1:18000-18100", "127.0.1.0/24", "127.0.2.1", "the host is 127.0.2.1"},
		{":18080", "10.0.0.0/24", "127.0.2.1", "the host is 127.0.2.1"},
		{":18080", "10.0.0.0/24", "::1", "the host is ::1"},
		{"[::1]:18080", "10.0.0.0/24", "::1", "the host is ::1"},
		{"127.0.2.1:18080", "127.0.1.0/24", "127.0.2.2", ""},
		{"127.0.2.1:18081", "127.0.1.0/24", "127.0.2.1", ""},
	} {
		err := validate(t, fmt.Sprintf(`"test": {"listen": [%q], "routes": [{"handle": [{"handler": "reverse_proxy",
			"upstreams": {"source": "doors_upstream", "secret": "SECRET", "upstreams": [{"cidr": %q, "host": %q, "port": 18080}]}}]}]}`, test.listen, test.cidr, test.host))
		if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) || test.want != "" && !strings.Contains(got, "Caddy would proxy to itself") {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// The addresses of the system are read once for each configuration, however many sites there are.
func TestAsksForAddressesOnce(t *testing.T) {
	asked := 0
	defer func() { interfaceAddrs = net.InterfaceAddrs }()
	interfaceAddrs = func() ([]net.Addr, error) {
		asked++
		return net.InterfaceAddrs()
	}
	servers := func(listen string) (servers []string) {
		for i := range 20 {
			servers = append(servers, fmt.Sprintf(`"site%d": {"listen": ["%s:%d"], "routes": [{"handle": [{"handler": "reverse_proxy",
				"upstreams": {"source": "doors_upstream", "secret": "SECRET", "upstreams": [{"cidr": "127.0.9.0/24", "host": "127.0.9.1", "port": 80}]}}]}]}`, i, listen, 20000+i))
		}
		return servers
	}
	for _, test := range []struct {
		listen string
		want   int
	}{{"", 1}, {"127.0.0.1", 0}} {
		asked = 0
		if err := validate(t, servers(test.listen)...); err != nil {
			t.Fatal(err)
		}
		if asked != test.want {
			t.Errorf("listening on %q: asked %d times, want %d", test.listen, asked, test.want)
		}
	}
}
