package config

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func TestKeepHostNames(t *testing.T) {
	for _, test := range []struct {
		name, handler    string
		host, serverName string // "" for unchanged
	}{
		{"plain", `{}`, "", ""},
		{"plain, with another Host", `{"headers": {"request": {"set": {"Host": ["a"]}}}}`, "a", ""},
		{"plain, asking for the upstream's Host", `{"headers": {"request": {"set": {"Host": ["{http.reverse_proxy.upstream.hostport}"]}}}}`, "{http.doors.hostport}", ""},
		{"TLS", `{"transport": {"protocol": "http", "tls": {}}}`, "{http.doors.hostport}", "{http.doors.host}"},
		{"TLS, asking for the upstream's Host", `{"transport": {"protocol": "http", "tls": {}}, "headers": {"request": {"set": {"Host": ["{http.reverse_proxy.upstream.hostport}"]}}}}`, "{http.doors.hostport}", "{http.doors.host}"},
		{"plain, asking for the upstream's host", `{"headers": {"request": {"set": {"Host": ["{http.reverse_proxy.upstream.host}"]}}}}`, "{http.doors.host}", ""},
		{"plain, with more in the Host", `{"headers": {"request": {"set": {"Host": ["app.{http.reverse_proxy.upstream.host}:81"]}}}}`, "app.{http.doors.host}:81", ""},
		{"TLS, asking for the upstream's host", `{"transport": {"protocol": "http", "tls": {}}, "headers": {"request": {"set": {"Host": ["{http.reverse_proxy.upstream.host}"]}}}}`, "{http.doors.host}", "{http.doors.host}"},
		{"TLS with a server name", `{"transport": {"protocol": "http", "tls": {"server_name": "a"}}}`, "{http.doors.hostport}", "a"},
		{"TLS with a Host", `{"transport": {"protocol": "http", "tls": {}}, "headers": {"request": {"set": {"Host": ["a"]}}}}`, "a", "{http.doors.host}"},
		{"TLS with a Host that is replaced", `{"transport": {"protocol": "http", "tls": {}}, "headers": {"request": {"replace": {"host": [{"search": "a", "replace": "b"}]}}}}`, "", "{http.doors.host}"},
		{"TLS with a Host that is deleted", `{"transport": {"protocol": "http", "tls": {}}, "headers": {"request": {"delete": ["HOST"]}}}`, "", "{http.doors.host}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := new(reverseproxy.Handler)
			if err := caddy.StrictUnmarshalJSON([]byte(test.handler), h); err != nil {
				t.Fatal(err)
			}
			if err := KeepHostNames(h); err != nil {
				t.Fatal(err)
			}
			host := ""
			if h.Headers != nil && h.Headers.Request != nil {
				host = h.Headers.Request.Set.Get("Host")
			}
			if host != test.host {
				t.Errorf("Host is set to %q, want %q", host, test.host)
			}
			if test.serverName != "" && !strings.Contains(string(h.TransportRaw), `"server_name":"`+test.serverName+`"`) && !strings.Contains(string(h.TransportRaw), `"server_name": "`+test.serverName+`"`) {
				t.Errorf("transport %s lacks the server name %q", h.TransportRaw, test.serverName)
			}
			if test.serverName == "" && len(h.TransportRaw) > 0 {
				t.Errorf("transport %s was not there before", h.TransportRaw)
			}
		})
	}
}
