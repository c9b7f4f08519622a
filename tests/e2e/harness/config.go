package harness

import (
	"fmt"
	"strings"
)

// Config is a complete configuration: either a Caddyfile with a block of handlers, served over HTTP
// and HTTPS, or JSON with a handler.
type Config struct {
	Places Places // filled in by Start

	Handlers string // Caddyfile directives of the site
	Global   string // Caddyfile global options besides those of the harness
	Servers  string // Caddyfile options inside `servers`
	Grace    string // grace_period; default 1s

	JSON string // instead: the JSON of a handler, in its own server
}

// file returns the name of the configuration file and of its adapter.
func (c Config) file() (name, adapter string) {
	if c.JSON != "" {
		return "caddy.json", ""
	}
	return "Caddyfile", "caddyfile"
}

// String returns the text of the configuration.
func (c Config) String() string {
	if c.Grace == "" {
		c.Grace = "1s"
	}
	if c.JSON != "" {
		return fmt.Sprintf(`{
  "admin": {"listen": "127.0.0.1:%d"},
  "apps": {"http": {"grace_period": %q, "servers": {"site": {
    "listen": ["127.0.0.1:%d"], "automatic_https": {"disable": true},
    "routes": [{"handle": [%s]}]
  }}}}
}
`, c.Places.Admin, c.Grace, c.Places.HTTP, c.JSON)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "{\n\tadmin 127.0.0.1:%d\n\tauto_https disable_redirects\n\tgrace_period %s\n", c.Places.Admin, c.Grace)
	if c.Servers != "" {
		fmt.Fprintf(&text, "\tservers {\n%s\n\t}\n", Indent(Indent(c.Servers)))
	}
	if c.Global != "" {
		fmt.Fprintln(&text, Indent(c.Global))
	}
	fmt.Fprintf(&text, "}\n\n(site) {\n\tbind 127.0.0.1\n%s\n}\n\n", Indent(c.Handlers))
	fmt.Fprintf(&text, "http://:%d {\n\timport site\n}\n\n", c.Places.HTTP)
	fmt.Fprintf(&text, "https://localhost:%d {\n\ttls %s %s\n\timport site\n}\n", c.Places.HTTPS, c.Places.CertificateFile, c.Places.KeyFile)
	return text.String()
}

// Upstream is one `upstream` block.
type Upstream struct {
	CIDR string // one or more, separated by white space
	Host string // one or more, separated by white space
	Port int
}

// Caddyfile returns a reverse_proxy with a doors_upstream source. directive is dynamic_upstreams or
// Caddy's own dynamic. more is added inside reverse_proxy.
func Caddyfile(directive, secret, cookie string, upstreams []Upstream, more string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "reverse_proxy {\n\t%s doors_upstream {\n\t\tsecret %s\n", directive, secret)
	if cookie != "" {
		fmt.Fprintf(&text, "\t\tcookie_name %s\n", cookie)
	}
	for _, one := range upstreams {
		fmt.Fprintf(&text, "\t\tupstream {\n\t\t\tpod_cidr %s\n\t\t\thost %s\n\t\t\tupstream_port %d\n\t\t}\n", one.CIDR, one.Host, one.Port)
	}
	text.WriteString("\t}\n")
	if more != "" {
		fmt.Fprintln(&text, Indent(more))
	}
	text.WriteString("}\n")
	return text.String()
}

// oneOrMore returns the JSON member for one value, or the list for several.
func oneOrMore(name, texts string) string {
	if several := strings.Fields(texts); len(several) > 1 {
		return fmt.Sprintf(`"%ss": ["%s"]`, name, strings.Join(several, `", "`))
	}
	return fmt.Sprintf(`%q: %q`, name, texts)
}

// JSON returns the same in JSON. member is upstreams or Caddy's own dynamic_upstreams.
func JSON(member, secret, cookie string, upstreams []Upstream) string {
	var blocks []string
	for _, one := range upstreams {
		blocks = append(blocks, fmt.Sprintf(`{%s, %s, "port": %d}`, oneOrMore("cidr", one.CIDR), oneOrMore("host", one.Host), one.Port))
	}
	name := ""
	if cookie != "" {
		name = fmt.Sprintf(`"cookie_name": %q, `, cookie)
	}
	return fmt.Sprintf(`{"handler": "reverse_proxy",
 %q: {"source": "doors_upstream", "secret": %q, %s
  "upstreams": [%s]}}`, member, secret, name, strings.Join(blocks, ", "))
}
