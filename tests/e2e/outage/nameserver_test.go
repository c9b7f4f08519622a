package outage_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// Whatever a name server does instead of returning addresses, the last addresses stay in use, and
// one log line reports the fault.
func TestNameServerFails(t *testing.T) {
	failures := []struct {
		name string
		kind nameserver.Failure
	}{
		{"servfail", nameserver.ServerFailure}, {"silent", nameserver.Silent}, {"nxdomain", nameserver.NameError},
		{"empty", nameserver.Empty}, {"refused", nameserver.Refused},
	}
	dns := newNameServer(t)
	var addresses []string
	for index := range failures {
		addresses = append(addresses, fmt.Sprintf("127.0.1.%d", index+1))
	}
	cluster := NewCluster(t, pod.Config{}, addresses...)
	var upstreams []Upstream
	for index, failure := range failures {
		resolve(dns, failure.name+".test", addresses[index])
		upstreams = append(upstreams, cluster.Upstream(addresses[index]+"/32", failure.name+".test"))
	}
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "", "")}})
	client := caddy.NewClient(t, H1)
	cookie := func(index int) []string { return []string{"upstream=" + cluster.Token(addresses[index])} }
	for index := range failures {
		if answer := client.Do(Request{Path: "/", Cookie: cookie(index)}); answer.Status != http.StatusOK {
			t.Fatalf("before any failure: status %d", answer.Status)
		}
	}
	traffic := startLoad(t, caddy, []Protocol{H1, H2}, len(failures), func(worker int) Request {
		return Request{Path: "/", Cookie: cookie(worker)}
	})
	for _, failure := range failures {
		dns.Fail(failure.name+".test", failure.kind)
	}
	for _, failure := range failures {
		Eventually(t, failure.name+" is reported", func() bool { return logged(caddy, message("host lookup failed"), failure.name+".test") > 0 })
	}
	queries := make([]int, len(failures))
	for index, failure := range failures {
		queries[index] = dns.Queries(failure.name + ".test")
	}
	time.Sleep(5 * time.Second)
	for index, failure := range failures {
		if dns.Queries(failure.name+".test") == queries[index] {
			t.Errorf("%s: no further lookup", failure.name)
		}
		dns.Fail(failure.name+".test", nameserver.None)
	}
	for _, failure := range failures {
		Eventually(t, failure.name+" is over", func() bool { return logged(caddy, message("host lookup recovered"), failure.name+".test") > 0 })
		texts := []string{failure.name + ".test"}
		if failure.kind == nameserver.Silent {
			texts = append(texts, timedOut)
		}
		// Requests still go to the known address, so this is not an error.
		if lines, errors := logged(caddy, append(texts, message("host lookup failed"))...), errorsLogged(caddy, texts...); lines != 1 || errors != 0 {
			t.Errorf("%s: %d failed lookups and %d errors in the log", failure.name, lines, errors)
		}
	}
	count := 0
	for _, one := range traffic.stop() {
		if one.err != nil || one.status != http.StatusOK || one.pod != addresses[one.worker] {
			t.Errorf("%s, %s: status %d from %q, %v", failures[one.worker].name, one.protocol, one.status, one.pod, one.err)
		}
		count++
	}
	t.Logf("%d requests", count)
	if count < 200 {
		t.Error("the traffic is not steady")
	}
}

// An address that refuses connections is dropped only if DNS does not have the name any more.
func TestRefusingAddressIsDropped(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA, podB), newNameServer(t)
	resolve(dns, app, podA, podB)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "lb_policy round_robin")}})
	client := caddy.NewClient(t, H1)
	pages := func(stage string, count int, allowed ...string) {
		t.Helper()
		for try := range count {
			answer := client.Get(number("/"+stage, try))
			found := pageAddress.FindStringSubmatch(answer.Body)
			if answer.Status != http.StatusOK || found == nil || !slices.Contains(allowed, found[1]) {
				t.Fatalf("%s: status %d from %v", stage, answer.Status, found)
			}
		}
	}
	pages("both", 10, podA, podB)
	cluster.Pod(podA).Kill()
	pages("one-down", 10, podB)
	if lines := logged(caddy, message("host address dropped")); lines != 0 {
		t.Fatal("an address that is still in DNS was dropped")
	}
	cluster.StartPod(podA)
	dns.Fail(app, nameserver.NameError)
	Eventually(t, "the failure is noticed", func() bool {
		pages("no-name", 1, podA, podB)
		return logged(caddy, message("host lookup failed"), "no such host") == 1
	})
	pages("no-name", 10, podA, podB)
	cluster.Pod(podA).Kill()
	Eventually(t, "the dead address is dropped", func() bool {
		pages("dropping", 1, podB)
		return logged(caddy, message("host address dropped"), podA) == 1
	})
	// Another program may have the address now: nothing goes there any more.
	dials := cluster.StartPod(podA).Dials()
	pages("dropped", 20, podB)
	if now := cluster.Pod(podA).Dials(); now != dials {
		t.Errorf("the dropped address was dialled %d times", now-dials)
	}
	dns.Fail(app, nameserver.None)
	Eventually(t, "the pod is back", func() bool {
		pages("back", 2, podA, podB)
		return cluster.Pod(podA).Dials() > 0
	})
}

// A host that never resolves: 503, and one log line.
func TestHostThatNeverResolves(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	resolve(dns, "good.test", podA)
	for name, failure := range map[string]nameserver.Failure{"unknown.test": nameserver.NameError, "broken.test": nameserver.ServerFailure, "silent.test": nameserver.Silent} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dns.Fail(name, failure)
			caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", name)}, "page_wait 0", "")}})
			begin := time.Now()
			for _, protocol := range Protocols {
				client := caddy.NewClient(t, protocol)
				for try := range 20 {
					checkUnavailable(t, string(protocol), client.Do(Request{Path: number("/", try), Cookie: []string{"upstream=" + cluster.Token(podA)}}))
				}
			}
			t.Logf("60 requests in %v", time.Since(begin))
			var texts []string
			if failure == nameserver.Silent {
				texts = append(texts, timedOut)
			}
			client := caddy.NewClient(t, H1)
			Eventually(t, "the failure is logged", func() bool { client.Get("/"); return errorsLogged(caddy, texts...) > 0 }) // one answer may be late at first
			if lines := errorsLogged(caddy, texts...); lines != 1 {
				t.Errorf("%d errors in the log", lines)
			}
			// Requests of pages do not need the name.
			uri := "/~/" + cluster.Token(podA) + "/h/" + name + "/1"
			caddy.NewClient(t, H1).Get(uri)
			if saw := cluster.Saw(uri); !slices.Equal(saw, []string{podA}) {
				t.Errorf("%s was seen by %v", uri, saw)
			}
		})
	}
	t.Run("beside another", func(t *testing.T) {
		t.Parallel()
		upstreams := []Upstream{cluster.Upstream("127.0.2.0/24", "unknown.test"), cluster.Upstream("127.0.1.0/24", "good.test")}
		client := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "", "")}}).NewClient(t, H2)
		for try := range 20 {
			cookie := []string{"upstream=" + cluster.Token([]string{podA, podZ}[try%2])}
			if answer := client.Do(Request{Path: "/", Cookie: cookie}); answer.Status != http.StatusOK {
				t.Errorf("try %d: status %d", try, answer.Status)
			}
		}
	})
}

// Names are queried only while page loads come in.
func TestLookupsOnlyWhileUsed(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	resolve(dns, app, podA)
	config := Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "")}
	caddy := Start(t, Options{Config: config})
	client := caddy.NewClient(t, H1)
	token := "/~/" + cluster.Token(podA) + "/h/i/1"
	for range 3 {
		client.Get(token) // needs no name
		reload(t, caddy, config)
		time.Sleep(500 * time.Millisecond)
	}
	if queries := dns.Queries(""); queries != 0 {
		t.Fatalf("%d queries before the first page", queries)
	}
	Eventually(t, "lookups go on while pages are loaded", func() bool { client.Get("/"); return dns.Queries(app) >= 6 })
	unused := time.Now()
	time.Sleep(15 * time.Second)
	queries := dns.Queries("")
	t.Logf("%d queries, 15 s after the last request", queries)
	for time.Since(unused) < 18*time.Second {
		client.Get(token) // still needs no name
		time.Sleep(250 * time.Millisecond)
	}
	if more := dns.Queries("") - queries; more != 0 {
		t.Errorf("%d queries without a page load", more)
	}
	client.Get("/")
	Eventually(t, "lookups begin again", func() bool { return dns.Queries("") > queries })
}

// A lookup is shared: it continues if the client that started it leaves, and all waiting requests
// use its result.
func TestLookupOutlivesItsClient(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	resolve(dns, app, podA)
	dns.Fail(app, nameserver.Silent)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "")}})
	client := caddy.NewClient(t, H2)
	client.Get("/~/none/h/i/1") // connects
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() {
		answer, err := client.Open(ctx, Request{Path: "/first"})
		if err == nil {
			answer.Body.Close()
		}
		first <- err
	}()
	Eventually(t, "the lookup begins", func() bool { return dns.Queries(app) > 0 })
	cancel()
	if err := <-first; err == nil {
		t.Fatal("the cancelled request was answered before the name server answered")
	}
	dns.Fail(app, nameserver.None) // the repeated queries are answered
	var others sync.WaitGroup
	for other := range 20 {
		others.Go(func() {
			answer, err := client.Try(Request{Path: number("/other", other)})
			if err != nil || answer.Status != http.StatusOK {
				t.Errorf("one of the others: status %d, %v", answer.Status, err)
			}
		})
	}
	others.Wait()
	caddy.Output.Wait(t, `"host resolved"`, Patience)
	if queries := dns.Queries(app); queries > 20 { // two types, repeated until the answer; the next lookup may have begun
		t.Errorf("%d queries for 21 requests", queries)
	}
	if lines := errorsLogged(caddy); lines != 0 {
		t.Errorf("%d errors in the log", lines)
	}
}

// New pages go where the name leads, even outside the upstream's networks, and one line warns about
// it.
func TestHostOutsideItsNetworks(t *testing.T) {
	t.Parallel()
	const outside, further = "127.0.3.1", "127.0.3.2"
	cluster, dns := NewCluster(t, pod.Config{}, podA, outside, further), newNameServer(t)
	resolve(dns, app, outside)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "")}})
	client := caddy.NewClient(t, H1)
	pages := func(want string) bool {
		for range 10 {
			answer := client.Get("/")
			if found := pageAddress.FindStringSubmatch(answer.Body); answer.Status != http.StatusOK || found == nil {
				t.Fatalf("status %d", answer.Status)
			} else if found[1] != want {
				return false
			}
		}
		return true
	}
	if !pages(outside) {
		t.Error("pages do not come from the only address")
	}
	for _, address := range []string{podA, further, outside} {
		resolve(dns, app, address)
		Eventually(t, "pages move to "+address, func() bool { return pages(address) })
	}
	var warnings int
	for _, address := range []string{outside, further} {
		warnings += logged(caddy, `"level":"warn"`, app, `"address":"`+address+`"`)
	}
	if warnings != 1 {
		t.Errorf("%d warnings", warnings)
	}
	// A page that reloads there would get another such token and reload again, without an end.
	token := "/~/" + cluster.Token(outside) + "/h/i/1"
	checkUnavailable(t, "nowhere to reload to", client.Get(token))
	resolve(dns, app, podA)
	Eventually(t, "pages move back", func() bool { return pages(podA) })
	checkGone(t, "token", client.Get(token))
}
