package takeover

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// The shortcuts for reverse_proxy accept our source in both spellings, and reject what
// reverse_proxy rejects.
func TestShortcutsTakeTheDocumentedSpelling(t *testing.T) {
	const source = "dynamic_upstreams doors_upstream {\nsecret " + caddytest.Secret + "\nupstream {\npod_cidr 127.0.9.0/24\nhost 127.0.9.1\nupstream_port 80\n}\n}\n"
	for shortcut, test := range map[string]struct {
		own  string // an option that the shortcut requires
		want string // the load error
	}{
		"forward_auth": {"uri /auth\n", ""},
		"php_fastcgi":  {"", "transport: doors_upstream works only with the transport `http`"},
	} {
		site := func(arguments, source string) string {
			return "{\nadmin off\nlog {\nlevel PANIC\n}\n}\nhttp://127.0.0.1:9 {\n" + shortcut + " " + arguments + "{\n" + test.own + source + "}\n}\n"
		}
		documented, err := caddytest.Adapt(site("", source))
		if err != nil {
			t.Fatalf("%s: %v", shortcut, err)
		}
		if stock, err := caddytest.Adapt(site("", strings.Replace(source, "dynamic_upstreams", "dynamic", 1))); err != nil || stock != documented {
			t.Errorf("%s: adapts to\n%s\nwith Caddy's spelling to\n%s, %v", shortcut, documented, stock, err)
		}
		var parsed caddy.Config
		if err := caddy.StrictUnmarshalJSON([]byte(documented), &parsed); err != nil {
			t.Fatal(err)
		}
		if err := caddy.Validate(&parsed); test.want == "" && err != nil || !strings.Contains(message(err), test.want) {
			t.Errorf("%s: loading: %v, want %q", shortcut, err, test.want)
		}
		if _, err := caddytest.Adapt(site("127.0.0.1:80 ", source)); err == nil || !strings.Contains(err.Error(), "cannot be combined with doors_upstream") {
			t.Errorf("%s beside a static upstream: %v", shortcut, err)
		}
	}
}
