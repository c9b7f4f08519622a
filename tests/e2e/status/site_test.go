// Package status_test observes rollouts through doors_status and the admin API of a real Caddy,
// with stand-in pods, a name server and a real browser.
package status_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

const (
	podA = "127.0.1.1"
	podB = "127.0.1.2"
	podZ = "127.0.2.1"

	app   = "app.test"
	other = "other.test"
)

// rollout is a Caddy in front of the pods of one upstream, with the status below /ops.
type rollout struct {
	*Cluster
	dns     *nameserver.Server
	caddy   *Caddy
	t       testing.TB
	options string // of the source
}

// start starts the pods and Caddy. The host app resolves to podA.
func start(t testing.TB) *rollout {
	t.Helper()
	return startWith(t, 10*time.Minute, "")
}

// startWith is like start, with pods that end streams after the given time, and options of the
// source.
func startWith(t testing.TB, roll time.Duration, options string) *rollout {
	t.Helper()
	r := &rollout{Cluster: NewCluster(t, pod.Config{Roll: roll}, podA, podB, podZ), t: t, options: options}
	dns, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dns.Close() })
	r.dns = dns
	r.resolve(app, podA)
	r.resolve(other, podZ)
	r.caddy = Start(t, Options{Config: r.config(r.Secret)})
	return r
}

// config serves the status below a prefix, beside two upstreams.
func (r *rollout) config(secret string) Config {
	upstreams := []Upstream{r.Upstream("127.0.1.0/24", app), r.Upstream("127.0.2.0/24 fd00:2::/64", other)}
	proxy := Caddyfile("dynamic_upstreams", secret, "upstream", upstreams, "lb_policy first")
	begin := "doors_upstream {\n"
	proxy = strings.Replace(proxy, begin, begin+"\t\tresolvers "+r.dns.Address()+"\n"+r.options, 1)
	return Config{Grace: "30s", Handlers: "handle_path /ops/* {\n\tdoors_status\n}\nhandle {\n" + Indent(proxy) + "\n}"}
}

func (r *rollout) resolve(name string, addresses ...string) {
	var parsed []netip.Addr
	for _, address := range addresses {
		parsed = append(parsed, netip.MustParseAddr(address))
	}
	r.dns.Set(name, parsed...)
}

// load loads a page of app as a new visitor. Until app is resolved, pages may come from other.
func (r *rollout) load(caddy *Caddy) (page *Page) {
	r.t.Helper()
	Eventually(r.t, "a page comes from app", func() bool {
		page = caddy.NewBrowser(r.t, H1).MustLoad("/")
		return page.Pod != podZ
	})
	return page
}

// open opens a page and its receiver stream, which stays open until closePage is called.
func (r *rollout) open() (page *Page, closePage func()) {
	r.t.Helper()
	page = r.load(r.caddy)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	r.t.Cleanup(func() {
		cancel()
		<-ended
	})
	go func() {
		defer close(ended)
		answer, err := page.Browser.Open(ctx, Request{Path: page.Sync(1), Cookie: page.Browser.Cookies()})
		if err == nil {
			<-ctx.Done()
			answer.Body.Close()
		} else if ctx.Err() == nil {
			r.t.Errorf("the stream of the page: %v", err)
		}
	}()
	return page, cancel
}

// state is the documented part of the JSON, declared again: a changed name in the program would
// break its readers.
type state struct {
	UptimeSeconds  float64 `json:"uptime_seconds"`
	SessionSeconds float64 `json:"session_seconds"`
	Sources        []struct {
		Keys []struct {
			Position int    `json:"position"`
			ID       string `json:"id"`
		} `json:"keys"`
		CookieName string `json:"cookie_name"`
		Upstreams  []struct {
			Upstream           string   `json:"upstream"`
			CIDRs              []string `json:"cidrs"`
			Addresses          []string `json:"addresses"`
			ResolvedSecondsAgo *float64 `json:"resolved_seconds_ago"`
			Resolving          bool     `json:"resolving"`
			DNSError           string   `json:"dns_error"`
			FailingSecondsAgo  *float64 `json:"failing_seconds_ago"`
		} `json:"upstreams"`
		UpstreamsTotal int `json:"upstreams_total"`
	} `json:"sources"`
	Pods    []podState `json:"pods"`
	Rollout struct {
		Draining int    `json:"draining"`
		Pages    int    `json:"pages"`
		Drained  int    `json:"drained"`
		Headline string `json:"headline"`

		SinceSecondsAgo *float64 `json:"since_seconds_ago"`
	} `json:"rollout"`
	Evictions []evictionState `json:"evictions"`
	Events    []struct {
		Number     int     `json:"number"`
		SecondsAgo float64 `json:"seconds_ago"`
		Event      string  `json:"event"`
		Pod        string  `json:"pod"`
		Network    string  `json:"network"`
		Upstream   string  `json:"upstream"`
		Pages      int     `json:"pages"`
	} `json:"events"`
	Answers struct {
		Gone        map[string]int `json:"gone"`
		Unavailable map[string]int `json:"unavailable"`
		Reloads     map[string]int `json:"reloads"`
	} `json:"answers"`
	History struct {
		IntervalSeconds float64 `json:"interval_seconds"`
		Fresh           []int   `json:"fresh"`
		Draining        []int   `json:"draining"`
	} `json:"history"`
}

type evictionState struct {
	Network         string  `json:"network"`
	Upstream        string  `json:"upstream"`
	Rate            int     `json:"rate"`
	IdleFirst       bool    `json:"idle_first"`
	SinceSecondsAgo float64 `json:"since_seconds_ago"`
	Told            int     `json:"told"`
	Draining        int     `json:"draining"`
	Pages           int     `json:"pages"`
	Drained         int     `json:"drained"`
}

type podState struct {
	Pod                   string   `json:"pod"`
	Upstream              string   `json:"upstream"`
	Generation            string   `json:"generation"`
	Drained               bool     `json:"drained"`
	DrainingSecondsAgo    *float64 `json:"draining_seconds_ago"`
	DrainedSecondsAgo     *float64 `json:"drained_seconds_ago"`
	EvictedSecondsAgo     *float64 `json:"evicted_seconds_ago"`
	Verdict               string   `json:"verdict"`
	UnreachableSecondsAgo *float64 `json:"unreachable_seconds_ago"`
	InFlight              int      `json:"in_flight"`
	Streams               int      `json:"streams"`
	RefusedDials          int      `json:"refused_dials"`
	FirstSeenSecondsAgo   *float64 `json:"first_seen_seconds_ago"`
	LastSeenSecondsAgo    *float64 `json:"last_seen_seconds_ago"`
}

// decode decodes JSON and rejects unknown members.
func decode(t testing.TB, text string, into any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
}

// get requests a path of the status handler.
func (r *rollout) get(path string) Answer {
	r.t.Helper()
	return r.caddy.NewClient(r.t, H1).Get("/ops" + path)
}

func (r *rollout) state() state {
	r.t.Helper()
	answer := r.get("/state")
	if answer.Status != http.StatusOK {
		r.t.Fatalf("status %d: %s", answer.Status, answer.Body)
	}
	var s state
	decode(r.t, answer.Body, &s)
	return s
}

// pod returns the state of a pod, or the zero state if it is not listed.
func (r *rollout) pod(address string) (found podState) {
	r.t.Helper()
	for _, one := range r.state().Pods {
		if strings.HasPrefix(one.Pod, address+":") {
			found = one
		}
	}
	return found
}
