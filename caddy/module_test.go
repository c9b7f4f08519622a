package caddydoors

import (
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// The directive works in a site by itself, takes a matcher, and runs before handlers that answer
// everything.
func TestStatusDirective(t *testing.T) {
	for _, text := range []string{
		"http://127.0.0.1:2020 {\n doors_status\n}\n",
		"http://127.0.0.1:2020 {\n doors_status {\n }\n}\n",
		"example.com {\n handle_path /ops/* {\n basic_auth {\n a $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n }\n doors_status\n }\n}\n",
		"example.com {\n reverse_proxy 127.0.0.1:1\n doors_status /ops/*\n}\n",
	} {
		adapted, err := caddytest.Adapt(text)
		if err != nil || strings.Count(adapted, `{"handler":"doors_status"}`) != 1 {
			t.Errorf("%s\nadapts to %s, %v", text, adapted, err)
		}
		proxy := strings.Index(adapted, `"reverse_proxy"`)
		if proxy >= 0 && proxy < strings.Index(adapted, "doors_status") {
			t.Errorf("the proxy comes first in %s", adapted)
		}
	}
	for text, want := range map[string]string{
		"http://127.0.0.1:2020 {\n doors_status * verbose\n}\n":    `"verbose"`,
		"http://127.0.0.1:2020 {\n doors_status {\n page\n }\n}\n": `"page"`,
	} {
		if _, err := caddytest.Adapt(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v", text, err)
		}
	}
}
