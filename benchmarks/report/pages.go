package report

import (
	"fmt"
	"strings"

	"github.com/doors-dev/doors-caddy/benchmarks/pages"
	"github.com/doors-dev/doors-caddy/benchmarks/results"
)

func pagesSection(text *strings.Builder, f *results.File) {
	fmt.Fprintf(text, `
## An open page

The memory that a proxy takes for a page that waits (its proportional set size, without the buffers of the kernel): with %s pages at once, less without pages, divided
by their number. Each page has a connection of its own, one stream on it, and the header of a browser: over HTTP/1.1 in clear text, over HTTP/2 with TLS. A pod that has
nothing to say yet has not begun to answer; the other one has sent a frame. The proxies were started anew for each figure, both Caddys had collected their garbage, and nginx was
one process with `+"`proxy_buffering off`"+`. To the pod they spoke HTTP/1.1, in the last column HTTP/2 in clear text (`+"`transport http { versions h2c 2 }`"+`).

| browser | the pod has sent | ours | stock Caddy | ours / stock | nginx | ours with h2c to the pod | saved by h2c |
|---|---|---|---|---|---|---|---|
`, thousands(f.Pages[0].Streams))
	for _, c := range f.Pages {
		sent := "nothing"
		if c.Framed {
			sent = "a frame"
		}
		saved := results.Map(results.Ratios(c.OursH2C, c.Ours), func(part float64) float64 { return 1 - part })
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %s | %s | %.0f %% |\n", map[pages.Protocol]string{pages.HTTP1: "HTTP/1.1", pages.HTTP2: "HTTP/2"}[c.Protocol], sent,
			kilobytes(c.Ours), kilobytes(c.Stock), ratio(results.Summarize(results.Ratios(c.Ours, c.Stock))), kilobytes(c.Nginx), kilobytes(c.OursH2C),
			100*results.Summarize(saved).Median)
	}
	p := f.Ports
	fmt.Fprintf(text, `
Over HTTP/1.1 each stream is a connection of its own to the pod, and Linux has one port for each connection from one address to another address and port
(`+"`net.ipv4.ip_local_port_range`"+`). Here that is %s ports, so one pod can have %s pages behind one address of a proxy, less those that renew their stream at the same
moment: for that moment a page has two. Found in a network namespace with %d ports: %d pages were served from %d ports, and the next one got 503, which is not held
against the pod. With h2c %s pages were served: %d for each port.
`, thousands(p.System), thousands(p.System*p.HTTP1/max(p.Given, 1)), p.Given, p.HTTP1, p.Given, thousands(p.H2C), p.H2C/max(p.Given, 1))
}

// kilobytes formats the median of figures in bytes.
func kilobytes(figures []float64) string {
	return digits(results.Summarize(figures).Median/1000) + " KB"
}
