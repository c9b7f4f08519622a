// Package outage_test starts the real Caddy in front of stand-in pods and a
// stub name server, and takes things away from it: pods, addresses, name
// servers, file descriptors, configurations.
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
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// Pods of the tests: three of one server, one of a second.
const (
	podA = "127.0.1.1"
	podB = "127.0.1.2"
	podC = "127.0.1.3"
	podZ = "127.0.2.1"
)

// app is the name that most tests use.
const app = "app.test"

// noGrace is Caddy's default grace period: as long as requests like. Open streams
// need it when a configuration is loaded.
const noGrace = "0s"

// Most of the parallel tests wait: more of them than there are cores may.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// newNameServer is a name server of the test's own.
func newNameServer(t testing.TB) *nameserver.Server {
	t.Helper()
	dns, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dns.Close() })
	return dns
}

// resolve makes a name lead to these addresses.
func resolve(dns *nameserver.Server, name string, addresses ...string) {
	var parsed []netip.Addr
	for _, address := range addresses {
		parsed = append(parsed, netip.MustParseAddr(address))
	}
	dns.Set(name, parsed...)
}

// site is the documented Caddyfile with a name server, more options of the
// source and more of the proxy.
func site(dns *nameserver.Server, secret string, upstreams []Upstream, options, proxy string) string {
	text := Caddyfile("dynamic_upstreams", secret, "upstream", upstreams, proxy)
	begin := "doors_upstream {\n"
	options = strings.TrimSpace("resolvers " + dns.Address() + "\n" + options)
	return strings.Replace(text, begin, begin+Indent(Indent(options))+"\n", 1)
}

// logged counts the lines that contain all these texts.
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

// errorsLogged counts the errors that contain all these texts. On a busy machine a name server of the test may be late, which is said once for each
// host as well; that does not count unless one of the texts is timedOut.
func errorsLogged(caddy *Caddy, texts ...string) int {
	texts = append(texts, `"level":"error"`)
	count := logged(caddy, texts...)
	if !slices.Contains(texts, timedOut) {
		count -= logged(caddy, append(texts, timedOut)...)
	}
	return count
}

// timedOut is what the log says of a name server that gives no answer.
const timedOut = "name server timed out"

// hostLines are the addresses in each line about a change of the host.
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

// number makes URIs different from each other.
func number(format string, n int) string {
	return fmt.Sprintf(format+"?n=%d", n)
}
