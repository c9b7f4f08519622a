package routing

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testKey    = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
	testConfig = `{"secret": "` + testKey + `", "cookie_name": "upstream", "upstreams": [
		{"cidr": "10.0.0.0/24", "host": "blue", "port": 8080},
		{"cidrs": ["10.0.1.0/24", "2001:db8::/64"], "host": "green.example", "port": 8081}]}`
)

func mustRouter(t testing.TB, config string) *Router {
	t.Helper()
	router, err := NewRouter([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	return router
}

func tokenOf(t testing.TB, address string) string {
	t.Helper()
	token, err := mustCipher(t, testKey).Encode(netip.MustParseAddr(address))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestUpstreams(t *testing.T) {
	router := mustRouter(t, testConfig)
	if got := router.Upstreams(); got != 2 {
		t.Errorf("%d upstreams", got)
	}
	for index, want := range map[int]string{0: "blue 8080", 1: "green.example 8081", 2: " 0", -1: " 0", 1 << 32: " 0", 1<<32 + 1: " 0"} {
		host, port := router.Upstream(index)
		if got := fmt.Sprint(host, " ", port); got != want {
			t.Errorf("upstream %d is %q, want %q", index, got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	router := mustRouter(t, testConfig)
	for text, want := range map[string]int{
		"10.0.0.1": 0, "::ffff:10.0.0.1": 0, "10.0.1.1": 1, "2001:db8::1": 1, "2001:db8::1%eth0": 1, "10.0.2.1": none, "::": none,
	} {
		if index, ok := router.Lookup(netip.MustParseAddr(text)); index != want || ok != (want != none) {
			t.Errorf("%s: %d, %v; want %d", text, index, ok, want)
		}
	}
	if index, ok := router.Lookup(netip.Addr{}); index != none || ok {
		t.Errorf("the zero Addr: %d, %v", index, ok)
	}
}

func TestTheConfigurationIsCopied(t *testing.T) {
	config := []byte(testConfig)
	router, err := NewRouter(config)
	if err != nil {
		t.Fatal(err)
	}
	clear(config)
	if host, _ := router.Upstream(0); host != "blue" {
		t.Errorf("host is %q", host)
	}
	if decision, err := router.Decide("/~/"+tokenOf(t, "10.0.0.7"), ""); err != nil || decision.Kind != Pod {
		t.Errorf("got %+v, %v", decision, err)
	}
}

func TestWarnings(t *testing.T) {
	if warnings := mustRouter(t, testConfig).Warnings(); warnings != nil {
		t.Errorf("got %q", warnings)
	}
	warnings := mustRouter(t, strings.Replace(testConfig, "10.0.0.0/24", "0.0.0.0/0", 1)).Warnings()
	if len(warnings) != 1 || !strings.Contains(warnings[0], "upstreams[0].cidr") {
		t.Errorf("got %q", warnings)
	}
}

// Go's garbage collector does not see Rust's memory, so only this test shows a
// lost handle.
func TestHandlesAreFreed(t *testing.T) {
	live := func() int64 {
		return liveRouters.Load() + liveCiphers.Load() + liveCIDRs.Load() + liveStates.Load() + liveSources.Load()
	}
	settle := func(done func() bool) bool {
		for range 200 {
			if done() {
				return true
			}
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
		}
		return false
	}
	settle(func() bool { return live() == 0 })
	before := live()
	var neighbours []*int32 // small values that stay, allocated beside the handles
	for range 100 {
		neighbours = append(neighbours, new(int32))
		router := mustRouter(t, testConfig)
		router.Decide("/", "")
		mustCipher(t, testKey).Decode("x")
		cidrs, err := NewCIDRs("10.0.0.0/24")
		if err != nil {
			t.Fatal(err)
		}
		cidrs.Lookup(netip.Addr{})
		mustSource(t, mustState(t)).Router().Decide("/", "")
	}
	kept := mustRouter(t, testConfig)
	if !settle(func() bool { return live() == before+1 }) {
		t.Errorf("%d handles live, want %d", live(), before+1)
	}
	if LiveRouters() < 1 {
		t.Error("a router in use is not counted")
	}
	if decision, err := kept.Decide("/", ""); err != nil || decision.Kind != Any {
		t.Errorf("the kept router: %+v, %v", decision, err)
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(neighbours)
}

// The last use of a router may be a call that still runs during a garbage
// collection. KeepAlive must keep the router for as long.
func TestARouterOutlivesItsLastCall(t *testing.T) {
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	// Long enough for several collections during the call. If the router were
	// freed, its keys would be gone when the cookie at the end is parsed.
	cookies := strings.Repeat("other=x; ", 300_000) + "upstream=" + tokenOf(t, "10.0.1.7")
	for range 20 {
		decision, err := mustRouter(t, testConfig).Decide("/", cookies)
		if err != nil || decision.Kind != Upstream || decision.Upstream != 1 {
			t.Fatalf("got %+v, %v", decision, err)
		}
	}
	close(stop)
	group.Wait()
}

func TestManyGoroutines(t *testing.T) {
	router, cipher := mustRouter(t, testConfig), mustCipher(t, testKey)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range 300 {
				addr := netip.AddrFrom4([4]byte{10, 0, byte(worker % 3), byte(n)})
				token, err := cipher.Encode(addr)
				if err != nil {
					t.Error(err)
					return
				}
				decision, err := router.Decide("/~/"+token+"/s/inst", "upstream="+token)
				want := map[int]Kind{0: Pod, 1: Pod, 2: Gone}[worker%3]
				if err != nil || decision.Kind != want || decision.Addr != addr || decision.Path != PathSync {
					t.Errorf("%v: got %+v, %v", addr, decision, err)
					return
				}
			}
		}()
	}
	group.Wait()
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		Pod.String(): "pod", Gone.String(): "gone", Upstream.String(): "upstream", Any.String(): "any",
		Kind(0).String(): "unknown", Kind(5).String(): "unknown", Kind(1 << 31).String(): "unknown",
		PathPage.String(): "page", PathSync.String(): "sync", PathHook.String(): "hook", PathHistory.String(): "history",
		PathResource.String(): "resource", PathOther.String(): "other", Path(6).String(): "unknown", Path(65535).String(): "unknown",
		Reason(5).String(): "unknown", Reason(20).String(): "unknown",
	} {
		if name != want {
			t.Errorf("%q, want %q", name, want)
		}
	}
	seen := map[string]bool{}
	for _, reason := range []Reason{ReasonNone, ReasonMalformed, ReasonRefused, ReasonNoCIDR,
		ReasonOnlyUpstream, ReasonCookie, ReasonNoCookie, ReasonCookieUnusable} {
		name := reason.String()
		if name == "" || name == "unknown" || seen[name] {
			t.Errorf("reason %d is called %q", reason, name)
		}
		seen[name] = true
	}
}

func FuzzDecide(f *testing.F) {
	router := mustRouter(f, testConfig)
	token := tokenOf(f, "10.0.0.7")
	f.Add("/~/"+token+"/s/x", "upstream="+token)
	f.Add("/", "a=b; upstream=\""+token+"\"")
	f.Add("/~/"+token[:42]+"\xff", ";;=;upstream")
	f.Fuzz(func(t *testing.T, path, cookies string) {
		decision, err := router.Decide(path, cookies)
		if err != nil {
			t.Fatal(err)
		}
		switch decision.Kind {
		case Pod, Upstream:
			if index, ok := router.Lookup(decision.Addr); !ok || index != decision.Upstream || decision.Key != 0 || decision.Port == 0 {
				t.Errorf("%+v, lookup %d, %v", decision, index, ok)
			}
		case Gone, Any:
			if decision.Upstream != none || decision.Port != 0 {
				t.Errorf("%+v", decision)
			}
		default:
			t.Errorf("%+v", decision)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	router := mustRouter(b, testConfig)
	token := tokenOf(b, "10.0.0.7")
	for _, c := range []struct{ name, path, cookies string }{
		{"Pod", "/~/" + token + "/s/inst", ""},
		{"Gone", "/~/" + token + "A/s/inst", ""},
		{"Cookie", "/", "theme=dark; upstream=" + token},
		{"NoCookie", "/", "theme=dark; lang=en"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				router.Decide(c.path, c.cookies)
			}
		})
	}
}
