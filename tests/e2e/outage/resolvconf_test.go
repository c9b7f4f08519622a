package outage_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// systemNameServer starts a name server on the port that resolv.conf implies.
func systemNameServer(t *testing.T, address string) *nameserver.Server {
	t.Helper()
	dns, err := nameserver.Start(address + ":53")
	if err != nil {
		t.Fatalf("tests of the system's resolver serve port 53 of loopback addresses: %v", err)
	}
	t.Cleanup(func() { dns.Close() })
	return dns
}

// Failures that the system's resolver survives, if slowly, fail no page: neither at the start nor
// in a rollout.
func TestSystemResolver(t *testing.T) {
	t.Parallel()
	for number, c := range []struct {
		name, options string
		host          string
		order         func(first, second *nameserver.Server)
		both          bool // resolv.conf has both
	}{
		{"the first name server is silent", "", app, func(first, _ *nameserver.Server) { first.Fail("", nameserver.Silent) }, true},
		{"the first name server fails", "", app, func(first, _ *nameserver.Server) { first.Fail("", nameserver.ServerFailure) }, true},
		{"AAAA is dropped", "", app, func(first, _ *nameserver.Server) {
			first.Order("", "AAAA", nameserver.Order{Failure: nameserver.Silent})
		}, false},
		{"AAAA is dropped, and a search domain comes first", "search slow.test\noptions ndots:2\n", app,
			func(first, _ *nameserver.Server) {
				first.Order("", "AAAA", nameserver.Order{Failure: nameserver.Silent})
			}, false},
		{"a search domain is slow", "search slow.test\noptions ndots:2\n", app, func(first, _ *nameserver.Server) {
			first.Order(app+".slow.test", "", nameserver.Order{Failure: nameserver.NameError, Delay: 2200 * time.Millisecond})
		}, false},
		{"a search domain is silent", "search slow.test\noptions ndots:2\n", app,
			func(first, _ *nameserver.Server) { first.Fail(app+".slow.test", nameserver.Silent) }, false},
		{"the name server is slow", "", app, func(first, _ *nameserver.Server) { first.Delay(2500 * time.Millisecond) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			addresses := []string{"127.0.53." + string(rune('1'+number)), "127.0.54." + string(rune('1'+number))}
			cluster := NewCluster(t, pod.Config{}, podA, podB)
			servers := []*nameserver.Server{systemNameServer(t, addresses[0]), systemNameServer(t, addresses[1])}
			for _, dns := range servers {
				resolve(dns, app, podA)
			}
			c.order(servers[0], servers[1])
			hosts := NewHosts(nil)
			hosts.Resolv = "nameserver " + addresses[0] + "\n" + c.options
			if c.both {
				hosts.Resolv += "nameserver " + addresses[1] + "\n"
			}
			text := Caddyfile("dynamic_upstreams", cluster.Secret, "upstream", []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "")
			text = strings.Replace(text, "doors_upstream {\n", "doors_upstream {\nfirst_lookup 1m\n", 1)
			caddy := Start(t, Options{Config: Config{Handlers: text}, Hosts: hosts})
			client := caddy.NewClient(t, H1)
			page := func() string {
				answer := client.Get("/")
				found := pageAddress.FindStringSubmatch(answer.Body)
				if answer.Status != http.StatusOK || found == nil {
					t.Fatalf("status %d", answer.Status)
				}
				return found[1]
			}
			if first := page(); first != podA {
				t.Errorf("the first page is of %s", first)
			}
			for _, address := range []string{podB, podA} {
				for _, dns := range servers {
					resolve(dns, app, address)
				}
				begin := time.Now()
				Eventually(t, "pages move to "+address, func() bool { return page() == address })
				t.Logf("seen after %v", time.Since(begin).Round(100*time.Millisecond))
			}
			if logged(caddy, message("host lookup failed")) != 0 {
				t.Error("the log says that the host fails")
			}
			if silent := servers[0]; c.name == "the first name server is silent" {
				// Now and then, but not with each lookup.
				before, begin := silent.Queries(app), time.Now()
				for time.Since(begin) < 6*time.Second {
					page()
					time.Sleep(50 * time.Millisecond)
				}
				if more := silent.Queries(app) - before; more > 20 {
					t.Errorf("the silent name server was asked %d times in %v", more, time.Since(begin))
				}
			}
		})
	}
}

// If one query type fails, known addresses stay, and a pod that is briefly down is not dropped.
func TestOneTypeFails(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]nameserver.Failure{
		"servfail": nameserver.ServerFailure, "refused": nameserver.Refused, "formerr": nameserver.FormatError, "silent": nameserver.Silent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster, dns, other := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t), newNameServer(t)
			resolve(dns, app, podA, podB)
			resolve(other, app, podA, podB)
			config := func(options string) Config {
				return Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, options, "")}
			}
			caddy := Start(t, Options{Config: config("")})
			client := caddy.NewClient(t, H1)
			client.Get("/")
			dns.Order(app, "A", nameserver.Order{Failure: failure})
			Eventually(t, "the failure is reported", func() bool { client.Get("/"); return logged(caddy, message("host lookup failed")) == 1 })
			if logged(caddy, "no such host") != 0 {
				t.Error("the log says that the name does not exist")
			}
			cluster.Pod(podA).Kill()
			for range 20 {
				if answer := client.Do(Request{Path: "/", Cookie: []string{"upstream=" + cluster.Token(podA)}}); answer.Status != http.StatusOK {
					t.Errorf("status %d", answer.Status)
				}
			}
			if logged(caddy, message("host address dropped")) != 0 {
				t.Error("an address was dropped")
			}
			// Another name server has more addresses, from the start.
			text := strings.Replace(config("").Handlers, dns.Address(), dns.Address()+" "+other.Address(), 1)
			for range 3 { // the first one is chosen at random
				second := Start(t, Options{Config: Config{Handlers: text}}).NewClient(t, H1)
				if answer := second.Get("/"); answer.Status != http.StatusOK {
					t.Errorf("with another name server: status %d", answer.Status)
				}
			}
		})
	}
}
