package proxy

// In:  the places of a rollout.
// Out: the documented Caddyfile with its values replaced, served over HTTP/1.1 and HTTP/2.

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// Config describes all replicas.
type Config struct {
	Binary      string // path of Caddy
	HTTP, HTTPS int    // ports
	Admin       int    // port on 127.0.0.1, another one for each replica that runs
	Secret      string
	Servers     int
	PodPort     int
	Resolver    string // host:port of the name server
	With        string // more options of the source, separated by semicolons
	Certificate Certificate
}

// caddyfile is the configuration of the replica at an address.
func (c Config) caddyfile(address netip.Addr) string {
	var text strings.Builder
	fmt.Fprintf(&text, "{\n\tadmin 127.0.0.1:%d\n\tpersist_config off\n\tauto_https disable_redirects\n}\n\n", c.Admin)
	fmt.Fprintf(&text, "(doors) {\n\tbind %s\n\treverse_proxy {\n\t\tdynamic_upstreams doors_upstream {\n", address)
	fmt.Fprintf(&text, "\t\t\tsecret %s\n\t\t\tcookie_name upstream\n\t\t\tresolvers %s\n", c.Secret, c.Resolver)
	for option := range strings.SplitSeq(c.With, ";") {
		fmt.Fprintf(&text, "\t\t\t%s\n", strings.TrimSpace(option))
	}
	for server := range c.Servers {
		fmt.Fprintf(&text, "\t\t\tupstream {\n\t\t\t\tpod_cidr %s\n\t\t\t\thost %s\n\t\t\t\tupstream_port %d\n\t\t\t}\n",
			fleet.CIDR(server), fleet.Host(server), c.PodPort)
	}
	text.WriteString("\t\t}\n\t}\n}\n\n")
	fmt.Fprintf(&text, "http://localhost:%d {\n\timport doors\n}\n\n", c.HTTP)
	fmt.Fprintf(&text, "https://localhost:%d {\n\ttls %s %s\n\timport doors\n}\n", c.HTTPS, c.Certificate.CertificateFile, c.Certificate.KeyFile)
	return text.String()
}
