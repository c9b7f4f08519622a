package outage_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// How often visitors come and how long they stay. At first they stay long, so that new pods do not
// soon have as many pages as the others. Later they stay for a shorter time, so that differences by
// chance do not last.
const (
	comeEvery   = 8 * time.Millisecond
	shortest    = 500 * time.Millisecond
	longest     = 12 * time.Second
	laterAtMost = 5 * time.Second
)

// filling is a pod that counts loaded and open pages.
type filling struct {
	ip           string
	server       *http.Server
	loaded, open atomic.Int64
}

func startFilling(t *testing.T, ip string, port int) *filling {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	f := &filling{ip: ip}
	f.server = &http.Server{Handler: f}
	go f.server.Serve(listener)
	t.Cleanup(func() { f.server.Close() })
	return f
}

func (f *filling) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/~/") {
		f.loaded.Add(1)
		_, _ = fmt.Fprintf(w, "This page lives in pod %s: .", f.ip)
		return
	}
	f.open.Add(1)
	defer f.open.Add(-1)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// flow is a steady flow of visitors, each with a page and its stream.
type flow struct {
	clients []*Client
	tokens  map[string]string
	longest atomic.Int64 // a duration
	failed  atomic.Int64 // visitors without a page or without a stream
	all     sync.WaitGroup
}

// run starts visitors until ctx is done.
func (f *flow) run(ctx context.Context) {
	ticker := time.NewTicker(comeEvery)
	defer ticker.Stop()
	for number := 0; ctx.Err() == nil; number++ {
		<-ticker.C
		f.all.Go(func() { f.visit(ctx, f.clients[number%len(f.clients)]) })
	}
}

func (f *flow) visit(ctx context.Context, client *Client) {
	answer, err := client.Try(Request{Path: "/"})
	found := pageAddress.FindStringSubmatch(answer.Body)
	if err != nil || found == nil {
		f.failed.Add(1)
		return
	}
	stays, cancel := context.WithTimeout(ctx, shortest+rand.N(time.Duration(f.longest.Load())-shortest))
	defer cancel()
	stream, err := client.Open(stays, Request{Path: "/~/" + f.tokens[found[1]] + "/s/1"})
	if err == nil {
		_, _ = io.Copy(io.Discard, stream.Body)
		stream.Body.Close()
	} else if stays.Err() == nil {
		f.failed.Add(1)
	}
}

// An upstream is scaled from two pods to four, one of which existed before. While the two new pods
// have fewer pages than the others, they get at most twice as many new ones. When the flow has
// replaced all pages, all pods have equally many.
func TestPagesAreSpread(t *testing.T) {
	t.Parallel()
	const podD = "127.0.1.4"
	addresses := []string{podA, podB, podC, podD}
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, addresses...)
	visitors := &flow{tokens: map[string]string{}}
	visitors.longest.Store(int64(longest))
	for _, address := range addresses {
		visitors.tokens[address] = Token(t, secret, address)
	}
	old, back := []*filling{startFilling(t, podA, port), startFilling(t, podB, port)}, startFilling(t, podC, port)
	resolve(dns, app, podA, podB, podC)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, []Upstream{{CIDR: "127.0.1.0/24", Host: app, Port: port}}, "", "")}})
	for range 4 {
		visitors.clients = append(visitors.clients, caddy.NewClient(t, H2))
	}
	ctx, cancel := context.WithCancel(context.Background())
	visitors.all.Go(func() { visitors.run(ctx) })
	defer func() {
		cancel()
		visitors.all.Wait()
	}()
	loaded := func(pods []*filling) (sum int64) {
		for _, pod := range pods {
			sum += pod.loaded.Load()
		}
		return sum
	}
	Eventually(t, "all pods have pages", func() bool { return back.open.Load() > 20 })
	back.server.Close()
	resolve(dns, app, podA, podB)
	Eventually(t, "the pod is forgotten", func() bool { return logged(caddy, message("host addresses changed")) == 1 })
	time.Sleep(longest) // by then the old pods do not count as new themselves

	failed := visitors.failed.Load()
	added := []*filling{startFilling(t, podC, port), startFilling(t, podD, port)}
	resolve(dns, app, addresses...)
	Eventually(t, "the new pods get pages", func() bool { return added[0].loaded.Load() > 0 && added[1].loaded.Load() > 0 })
	addedBefore, oldBefore := loaded(added), loaded(old)
	time.Sleep(5 * time.Second)
	ofAdded, ofOld := loaded(added)-addedBefore, loaded(old)-oldBefore
	t.Logf("in the first seconds the new pods got %d pages, the others %d", ofAdded, ofOld)
	if ofAdded > 2*ofOld || ofOld > 2*ofAdded {
		t.Error("that is over twice as many")
	}

	visitors.longest.Store(int64(laterAtMost))
	time.Sleep(time.Second + longest)
	const samples = 80
	var most, difference float64 // pages, on average
	for range samples {
		var open []int64
		for _, pod := range append(old, added...) {
			open = append(open, pod.open.Load())
		}
		most += float64(slices.Max(open)) / samples
		difference += float64(slices.Max(open)-slices.Min(open)) / samples
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("of %.1f pages on the fullest pod the emptiest had %.1f less", most, difference)
	// The choice between two pods leaves a few, however many visitors there are. A random choice would
	// leave about twice the square root of the pages.
	if limit := most/8 + 2; difference > limit {
		t.Errorf("that is over %.1f", limit)
	}
	if failed = visitors.failed.Load() - failed; failed > 0 {
		t.Errorf("%d visitors got no page or no stream while pods were added", failed)
	}
}
