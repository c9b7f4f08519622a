package contenders

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
)

// Certificate is the certificate of the proxies, for localhost.
type Certificate = proxy.Certificate

// CookieName is the sticky cookie of our configuration.
const CookieName = "upstream"

// site returns the Caddyfile of a Caddy that serves the directive over HTTP and HTTPS.
func site(places Places, certificate Certificate, directive string) string {
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
`, places.Admin, strings.ReplaceAll(strings.TrimSpace(directive), "\n", "\n\t"), places.HTTP,
		places.HTTPS, certificate.CertificateFile, certificate.KeyFile)
}

// StockDirective returns Caddy's reverse_proxy with these pods. more are lines of its block, such
// as a transport.
func StockDirective(port int, pods []netip.Addr, more ...string) string {
	var text strings.Builder
	text.WriteString("reverse_proxy")
	for _, pod := range pods {
		fmt.Fprintf(&text, " %s:%d", pod, port)
	}
	if len(more) > 0 {
		fmt.Fprintf(&text, " {\n\t%s\n}", strings.Join(more, "\n\t"))
	}
	return text.String()
}

// Upstream is an upstream of our configuration.
type Upstream struct{ CIDR, Host string }

// OurDirective returns the documented configuration. more are lines of the block of reverse_proxy.
func OurDirective(secret, resolver string, port int, upstreams []Upstream, more ...string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "reverse_proxy {\n\tdynamic_upstreams doors_upstream {\n\t\tsecret %s\n\t\tcookie_name %s\n\t\tresolvers %s\n",
		secret, CookieName, resolver)
	for _, upstream := range upstreams {
		fmt.Fprintf(&text, "\t\tupstream {\n\t\t\tpod_cidr %s\n\t\t\thost %s\n\t\t\tupstream_port %d\n\t\t}\n", upstream.CIDR, upstream.Host, port)
	}
	text.WriteString("\t}\n")
	for _, line := range more {
		fmt.Fprintf(&text, "\t%s\n", line)
	}
	text.WriteString("}")
	return text.String()
}
