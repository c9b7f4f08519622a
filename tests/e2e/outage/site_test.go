// Package outage_test runs the real Caddy in front of stand-in pods and a name server, and takes
// things away from it: pods, addresses, name servers, file descriptors, configurations.
package outage_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// The pods of the tests: three of one upstream, one of another.
const (
	podA = "127.0.1.1"
	podB = "127.0.1.2"
	podC = "127.0.1.3"
	podZ = "127.0.2.1"
)

// app is the host name of most tests.
const app = "app.test"

// noGrace is Caddy's default grace period, which is unlimited. Streams need it to survive a reload.
const noGrace = "0s"

// Most of the parallel tests wait, so more of them than cores may run.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// newNameServer starts a name server for the test.
func newNameServer(t testing.TB) *nameserver.Server {
	t.Helper()
	dns, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dns.Close() })
	return dns
}

// resolve sets the addresses of a name.
func resolve(dns *nameserver.Server, name string, addresses ...string) {
	var parsed []netip.Addr
	for _, address := range addresses {
		parsed = append(parsed, netip.MustParseAddr(address))
	}
	dns.Set(name, parsed...)
}

// site returns the documented Caddyfile with a name server, further options of the source, and
// further options of the proxy.
func site(dns *nameserver.Server, secret string, upstreams []Upstream, options, proxy string) string {
	text := Caddyfile("dynamic_upstreams", secret, "upstream", upstreams, proxy)
	begin := "doors_upstream {\n"
	options = strings.TrimSpace("resolvers " + dns.Address() + "\n" + options)
	return strings.Replace(text, begin, begin+Indent(Indent(options))+"\n", 1)
}

// documented is the page that lists all log messages. Another test compares it with the code.
var documented = sync.OnceValue(func() string {
	page, err := os.ReadFile("../../../docs/logs.md")
	if err != nil {
		panic(err)
	}
	return string(page)
})

// message returns how the lines with a message look, given the beginning of the message. It panics
// if there is no such message: a test that expects no line could not fail.
func message(beginning string) string {
	if !strings.Contains(documented(), "| `"+beginning) {
		panic("docs/logs.md has no message that begins with " + beginning)
	}
	return `"msg":"` + beginning
}

// logged counts the lines that contain all the given texts.
func logged(caddy *Caddy, texts ...string) int {
	count := 0
lines:
	for line := range strings.Lines(caddy.Output.String()) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue lines
			}
		}
		count++
	}
	return count
}

// errorsLogged counts the errors that contain all the given texts. On a busy machine a name server
// of the test may be late, which is also logged once per host. Such errors count only if one of the
// texts is timedOut.
func errorsLogged(caddy *Caddy, texts ...string) int {
	texts = append(texts, `"level":"error"`)
	count := logged(caddy, texts...)
	if !slices.Contains(texts, timedOut) {
		count -= logged(caddy, append(texts, timedOut)...)
	}
	return count
}

// timedOut is the reason in the log for a name server that does not answer.
const timedOut = `"reason":"timeout"`

// hostLines returns the addresses in each line about a change of the host.
func hostLines(caddy *Caddy) (lines [][]string) {
	for text := range strings.Lines(caddy.Output.String()) {
		var line struct {
			Message   string   `json:"msg"`
			Host      string   `json:"host"`
			Addresses []string `json:"addresses"`
		}
		if json.Unmarshal([]byte(text), &line) == nil && strings.HasPrefix(line.Message, "host ") && line.Host == app {
			lines = append(lines, line.Addresses)
		}
	}
	return lines
}

// reload loads a configuration, changed or not.
func reload(t testing.TB, caddy *Caddy, config Config) {
	t.Helper()
	status, message, err := caddy.Reload(config)
	if err != nil || status != http.StatusOK {
		t.Fatal(status, message, err)
	}
}

// checkUnavailable fails unless the answer is Caddy's own 503.
func checkUnavailable(t testing.TB, what string, answer Answer) {
	t.Helper()
	if answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "1" ||
		answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Via") != "" {
		t.Errorf("%s: status %d, %v", what, answer.Status, answer.Header)
	}
}

// checkGone fails unless the answer is Caddy's own 410.
func checkGone(t testing.TB, what string, answer Answer) {
	t.Helper()
	if answer.Status != http.StatusGone || answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Via") != "" {
		t.Errorf("%s: status %d, %v", what, answer.Status, answer.Header)
	}
}

// number makes unique URIs.
func number(format string, n int) string {
	return fmt.Sprintf(format+"?n=%d", n)
}
