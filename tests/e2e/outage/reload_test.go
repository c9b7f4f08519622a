package outage_test

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// failures counts the requests of a load and the failed ones, by protocol.
func failures(t *testing.T, results []result, allowed Protocol) (requests, failed map[Protocol]int) {
	requests, failed = map[Protocol]int{}, map[Protocol]int{}
	for _, one := range results {
		requests[one.protocol]++
		if one.err == nil && one.status == http.StatusOK && one.pod != "" {
			continue
		}
		failed[one.protocol]++
		if one.protocol != allowed || one.err == nil {
			t.Errorf("%s: status %d, %v", one.protocol, one.status, one.err)
		}
	}
	return requests, failed
}

// A hundred reloads with the default grace period break no stream. They lose no more requests than
// with stock Caddy, which loses some over HTTP/1.1 when it closes persistent connections.
func TestReloads(t *testing.T) {
	const reloads = 100
	cluster, dns := NewCluster(t, pod.Config{Roll: 10 * time.Minute}, podA, podB), newNameServer(t)
	resolve(dns, app, podA, podB)
	ours := Config{Grace: noGrace, Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "")}
	plain := Config{Grace: noGrace, Handlers: fmt.Sprintf("reverse_proxy %s:%d %s:%d\n", podA, cluster.Port, podB, cluster.Port)}
	caddy, stock := Start(t, Options{Config: ours}), Start(t, Options{Binary: Stock, Config: plain})
	var streams []*stream
	for visitor := range 20 {
		page := caddy.NewBrowser(t, Protocols[visitor%len(Protocols)]).MustLoad("/")
		streams = append(streams, openStream(t, page, cluster.Pod(page.Pod)))
	}
	request := func(int) Request { return Request{Path: "/"} }
	traffic, compared := startLoad(t, caddy, Protocols, 3, request), startLoad(t, stock, Protocols, 3, request)
	for number := range reloads {
		if number%2 == 0 {
			reload(t, caddy, ours)
			reload(t, stock, plain)
		} else {
			reload(t, stock, plain)
			reload(t, caddy, ours)
		}
		if number%20 == 10 {
			checkDelivers(t, streams, fmt.Sprint("reload-", number))
		}
	}
	results := traffic.stop()
	requests, failed := failures(t, results, H1)
	repeated, stockRepeated := map[Protocol]int{}, map[Protocol]int{}
	for _, one := range results {
		repeated[one.protocol] += one.repeated
	}
	stockRequests, stockFailed := map[Protocol]int{}, map[Protocol]int{}
	for _, one := range compared.stop() {
		stockRequests[one.protocol]++
		stockRepeated[one.protocol] += one.repeated
		if one.err != nil || one.status != http.StatusOK {
			stockFailed[one.protocol]++
		}
	}
	checkDelivers(t, streams, "after-all")
	t.Logf("%v requests over %d reloads, sent again: %v, failed: %v", requests, reloads, repeated, failed)
	t.Logf("stock: %v, sent again: %v, failed: %v", stockRequests, stockRepeated, stockFailed)
	for _, protocol := range Protocols {
		if requests[protocol] < 100 {
			t.Errorf("only %d requests over %s", requests[protocol], protocol)
		}
	}
	// Both numbers are random, with a standard deviation of about their square root.
	mine, others := float64(failed[H1]), float64(stockFailed[H1])*float64(requests[H1])/float64(max(1, stockRequests[H1]))
	if mine-others > 4*math.Sqrt(mine+others)+3 {
		t.Errorf("%d of %d HTTP/1.1 requests failed; with stock Caddy %d of %d", failed[H1], requests[H1], stockFailed[H1], stockRequests[H1])
	}
	if lines := logged(caddy, message("host resolved")); lines != 1 {
		t.Errorf("the host was resolved for the first time %d times", lines)
	}
}

// Addresses survive a reload, so an outage of the name server does no harm then.
func TestReloadWithoutNameServer(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]nameserver.Failure{"SERVFAIL": nameserver.ServerFailure, "silent": nameserver.Silent, "NXDOMAIN": nameserver.NameError} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
			resolve(dns, app, podA, podB)
			variant := func(options string) Config {
				return Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, options, "")}
			}
			caddy := Start(t, Options{Config: variant("")})
			visitors := map[Protocol]*Browser{}
			homes := map[Protocol]string{}
			for _, protocol := range []Protocol{H2, H3} {
				visitors[protocol] = caddy.NewBrowser(t, protocol)
				homes[protocol] = visitors[protocol].MustLoad("/").Pod
			}
			dns.Fail("", failure)
			traffic := startLoad(t, caddy, []Protocol{H2, H3}, 1, func(int) Request { return Request{Path: "/"} })
			for number := range 10 {
				reload(t, caddy, variant([]string{"", "gone_after 5s", "refresh 500ms", "gone_rate 50"}[number%4]))
				for protocol, browser := range visitors {
					if page := browser.MustLoad("/"); page.Pod != homes[protocol] {
						t.Errorf("%s: moved from %s to %s", protocol, homes[protocol], page.Pod)
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
			caddy.Output.Wait(t, `"host lookup failed"`, Patience)
			requests, _ := failures(t, traffic.stop(), "")
			t.Logf("%v requests", requests)
			if lines := logged(caddy, message("host lookup failed")); lines != 1 {
				t.Errorf("%d lines about the failure", lines)
			}
		})
	}
}
