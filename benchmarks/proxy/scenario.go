package proxy

// In:  what is compared.
// Out: requests, and the Caddyfiles of those who serve them.

import (
	"fmt"
	"strings"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
)

// Scenario is one kind of request.
type Scenario struct {
	Name   string
	path   func(token string) string
	cookie bool // the token of the pod in the sticky cookie
	// toOne tells that our Caddy must send it to the pod of the token.
	toOne bool
}

const cookieName = "upstream"

// Scenarios are the requests of a Doors page, by name.
var Scenarios = []Scenario{
	{Name: "normal", path: func(string) string { return "/" }},
	{Name: "sticky", path: func(string) string { return "/" }, cookie: true, toOne: true},
	{Name: "system", path: func(token string) string { return "/~/" + token + "/h/instance/1" }, toOne: true},
}

// request is what is sent.
type request struct {
	path   string
	cookie string // the Cookie field, or empty
	want   string // the body of the answer, or empty for any
}

// requestOf is the scenario's request of a page on a pod.
func (s Scenario) requestOf(token, pod string) request {
	r := request{path: s.path(token)}
	if s.cookie {
		r.cookie = cookieName + "=" + token
	}
	if s.toOne {
		r.want = pod
	}
	return r
}

// site is the Caddyfile of one Caddy: its directive in clear text and over TLS.
func site(places places, certificate proxy.Certificate, directive string) string {
	return fmt.Sprintf(`{
	admin 127.0.0.1:%d
	persist_config off
	auto_https disable_redirects
}

(site) {
	bind 127.0.0.1
	%s
}

http://localhost:%d {
	import site
}

https://localhost:%d {
	tls %s %s
	import site
}
`, places.admin, strings.ReplaceAll(strings.TrimSpace(directive), "\n", "\n\t"), places.http,
		places.https, certificate.CertificateFile, certificate.KeyFile)
}

// stockDirective names the pods: Caddy's reverse_proxy as it is.
func stockDirective(port, count int) string {
	var text strings.Builder
	text.WriteString("reverse_proxy")
	for index := range count {
		fmt.Fprintf(&text, " %s:%d", podAddress(index), port)
	}
	return text.String()
}

// server is one upstream of our configuration.
type server struct{ cidr, host string }

// ourDirective is the documented configuration.
func ourDirective(secret, resolver string, port int, servers []server) string {
	var text strings.Builder
	fmt.Fprintf(&text, "reverse_proxy {\n\tdynamic_upstreams doors_upstream {\n\t\tsecret %s\n\t\tcookie_name %s\n\t\tresolvers %s\n",
		secret, cookieName, resolver)
	for _, s := range servers {
		fmt.Fprintf(&text, "\t\tupstream {\n\t\t\tpod_cidr %s\n\t\t\thost %s\n\t\t\tupstream_port %d\n\t\t}\n", s.cidr, s.host, port)
	}
	text.WriteString("\t}\n}")
	return text.String()
}
