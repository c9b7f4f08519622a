// Package scale_test loads the real Caddy with more upstreams than anybody is likely to have.
package scale_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

var limits = flag.Bool("limits", false, "fail when the CPU time or memory of a configuration is over its limit (scripts/run/scale.sh)")

const (
	most    = 100_000
	lastPod = "127.0.1.1"
	lastApp = "last.test"

	// maxCPU is the CPU time that 10,000 upstreams may add to loading a configuration, in all of
	// Caddy.
	maxCPU = time.Second
	// maxReload is the memory that the process may use after a reload, as a multiple of that after
	// the first load. For a while both configurations are in memory.
	maxReload = 2.0
)

// handler returns the JSON of a handler with count upstreams, each with its own network and host.
// The last one is the cluster's.
func handler(cluster *Cluster, dns *nameserver.Server, count int) string {
	upstreams := make([]Upstream, count)
	for i := range upstreams {
		address := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		upstreams[i] = cluster.Upstream(netip.PrefixFrom(address, 32).String(), fmt.Sprintf("app-%d.test", i))
	}
	upstreams[count-1] = cluster.Upstream("127.0.1.0/24", lastApp)
	return strings.Replace(JSON("upstreams", cluster.Secret, "upstream", upstreams),
		`"upstreams": [{`, `"resolver": {"addresses": ["`+dns.Address()+`"]}, "upstreams": [{`, 1)
}

// load loads a configuration, logs its cost, and returns the usage of the process.
func load(t *testing.T, caddy *Caddy, what, handler string, count int) usage {
	t.Helper()
	before := usageOf(t, caddy)
	status, message, err := caddy.Reload(Config{JSON: handler})
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %.500s", what, status, err, message)
	}
	after := usageOf(t, caddy)
	cpu := after.cpu - before.cpu
	t.Logf("%s of %d upstreams: CPU %v (%v for each 10,000), memory %d MB (%d bytes more for each)", what, count,
		cpu, cpu*10_000/time.Duration(count), after.memory>>20, (after.memory-before.memory)/int64(count))
	if *limits && cpu > maxCPU*time.Duration(count)/10_000 {
		t.Errorf("%s of %d upstreams: CPU %v, more than %v for each 10,000", what, count, cpu, maxCPU)
	}
	return after
}

// Many upstreams cost only the time to load them: no lookups and no goroutines. Requests find their
// upstream, and only its host is looked up.
func TestManyUpstreams(t *testing.T) {
	counts := []int{most}
	if *limits {
		counts = []int{most / 10, most}
	}
	for _, count := range counts {
		t.Run(fmt.Sprint(count), func(t *testing.T) { testUpstreams(t, count) })
	}
}

func testUpstreams(t *testing.T, count int) {
	cluster := NewCluster(t, pod.Config{}, lastPod)
	dns, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	dns.Set(lastApp, netip.MustParseAddr(lastPod))
	caddy := Start(t, Options{Config: Config{JSON: handler(cluster, dns, 1)}})
	client := caddy.NewClient(t, H1)
	idle := goroutines(t, caddy)
	lookedUp := func(when string, want int) {
		t.Helper()
		if queries := dns.Queries(""); queries > want {
			t.Errorf("%s: %d DNS queries, want at most %d", when, queries, want)
		}
	}
	reached := func(what string, request Request) {
		t.Helper()
		answer := client.Do(request)
		if saw := cluster.Saw(request.Path); !slices.Equal(saw, []string{lastPod}) {
			t.Errorf("%s: status %d, seen by %v", what, answer.Status, saw)
		}
	}

	config := handler(cluster, dns, count)
	first := load(t, caddy, "first load", config, count)
	for limit := time.Now().Add(time.Minute); goroutines(t, caddy) > idle; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%d goroutines with %d upstreams, %d with one", goroutines(t, caddy), count, idle)
		}
	}
	token := cluster.Token(lastPod)
	reached("a request with the token of the last upstream", Request{Path: "/~/" + token + "/r/1"})
	if answer := client.Get("/~/" + cluster.Token("10.255.255.1") + "/s/i"); answer.Status != http.StatusGone {
		t.Errorf("the token of a pod outside all networks: status %d", answer.Status)
	}
	lookedUp("requests with a token", 0)
	reached("a page with the cookie of the last upstream", Request{Path: "/cookie", Cookie: []string{"upstream=" + token}})
	asked := dns.Queries(lastApp)
	if asked == 0 {
		t.Error("the host of the page was not looked up")
	}
	lookedUp("a page with a cookie", asked)
	reached("a page without a cookie", Request{Path: "/none"})
	// Some hosts are drawn, and one has a query for each IP version. Lookups begin in the
	// background.
	time.Sleep(time.Second)
	lookedUp("a page without a cookie", 100+dns.Queries(lastApp))

	again := load(t, caddy, "the same once more", config, count)
	reached("after a reload, a request with the token of the last upstream", Request{Path: "/~/" + token + "/r/2"})
	times := float64(again.memory) / float64(first.memory)
	t.Logf("%.2f times the memory after a reload", times)
	if *limits && times > maxReload {
		t.Errorf("%.2f times the memory after a reload, more than %.1f times", times, maxReload)
	}
}
