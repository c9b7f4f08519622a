package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// The pods of the tests: two of one upstream, whose host resolves to the first, and one of another
// upstream.
const (
	podA = "127.0.1.1"
	podB = "127.0.1.2"
	podC = "127.0.2.1"
)

// twoServers returns the upstreams of these pods.
func twoServers(cluster *Cluster) []Upstream {
	return []Upstream{cluster.Upstream("127.0.1.0/24", podA), cluster.Upstream("127.0.2.0/24", podC)}
}

// doorsSite returns the documented Caddyfile for them. more goes inside reverse_proxy.
func doorsSite(cluster *Cluster, more string) string {
	return Caddyfile("dynamic_upstreams", cluster.Secret, "upstream", twoServers(cluster), more)
}

// spellings returns all ways to write the same configuration.
func spellings(secret, cookie string, upstreams []Upstream) map[string]Config {
	return map[string]Config{
		"documented Caddyfile": {Handlers: Caddyfile("dynamic_upstreams", secret, cookie, upstreams, "")},
		"Caddyfile of Caddy":   {Handlers: Caddyfile("dynamic", secret, cookie, upstreams, "")},
		"documented JSON":      {JSON: JSON("upstreams", secret, cookie, upstreams)},
		"JSON of Caddy":        {JSON: JSON("dynamic_upstreams", secret, cookie, upstreams)},
	}
}

// row is a row of the decision table.
type row struct {
	name   string
	method string
	path   string
	cookie []string
	pods   []string // that may get the request; none for 410
}

var (
	nowhere  = []string{}
	anywhere = []string{podA, podC}
)

// systemRows depend only on the token in the path.
func systemRows(cluster *Cluster) []row {
	a, b, c := cluster.Token(podA), cluster.Token(podB), cluster.Token(podC)
	other := Token(cluster.T(), NewSecret(32), podA)
	rows := []row{
		{name: "token alone", path: "/~/" + a, pods: []string{podA}},
		{name: "token and slash", path: "/~/" + b + "/", pods: []string{podB}},
		{name: "unknown system path", path: "/~/" + c + "/x/y/z", pods: []string{podC}},
		{name: "pod that its host no longer names", path: "/~/" + b + "/s/i", pods: []string{podB}},
		{name: "token and a cookie of another server", path: "/~/" + a + "/s/i", cookie: []string{"upstream=" + c}, pods: []string{podA}},
		{name: "IPv4-mapped address", path: "/~/" + cluster.Token("::ffff:127.0.2.1") + "/s/i", pods: []string{podC}},
		{name: "dots and escapes behind the token", path: "/~/" + a + "/u/i/%2e%2e/a%20b/%C3%A9//c", pods: []string{podA}},

		{name: "short token", path: "/~/forged/h/i/1", pods: nowhere},
		{name: "key of somebody else", path: "/~/" + other + "/h/i/1", pods: nowhere},
		{name: "key of somebody else, good cookie", path: "/~/" + other + "/h/i/1", cookie: []string{"upstream=" + a}, pods: nowhere},
		{name: "address in no CIDR", path: "/~/" + cluster.Token("127.0.3.1") + "/h/i/1", pods: nowhere},
		{name: "IPv6 address in no CIDR", path: "/~/" + cluster.Token("::1") + "/h/i/1", pods: nowhere},
		{name: "padded token", path: "/~/" + a + "=/h/i/1", pods: nowhere},
		{name: "longer token", path: "/~/" + a + "A/h/i/1", pods: nowhere},
		{name: "shorter token", path: "/~/" + a[:42] + "/h/i/1", pods: nowhere},
		{name: "escaped token", path: "/~/" + fmt.Sprintf("%%%02X", a[0]) + a[1:] + "/h/i/1", pods: nowhere},
		{name: "standard alphabet", path: "/~/" + a[:42] + "+/h/i/1", pods: nowhere},
		{name: "very long token", path: "/~/" + strings.Repeat("A", 4000) + "/h/i/1", pods: nowhere},
		{name: "broken escape in token", path: "/~/%25" + a + "/h/i/1", pods: nowhere},
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"} {
		for _, letter := range []string{"s", "h", "u", "r"} {
			rows = append(rows,
				row{name: method + " " + letter, method: method, path: "/~/" + b + "/" + letter + "/i/1", pods: []string{podB}},
				row{name: method + " " + letter + " gone", method: method, path: "/~/" + other + "/" + letter + "/i/1", pods: nowhere})
		}
	}
	return rows
}

// normalRows depend on the cookie.
func normalRows(cluster *Cluster) []row {
	a, b, c := cluster.Token(podA), cluster.Token(podB), cluster.Token(podC)
	other := Token(cluster.T(), NewSecret(32), podC)
	rows := []row{
		{name: "no cookie", path: "/", pods: anywhere},
		{name: "cookie of the first server", path: "/", cookie: []string{"upstream=" + a}, pods: []string{podA}},
		{name: "cookie of the second server", path: "/a/b", cookie: []string{"upstream=" + c}, pods: []string{podC}},
		{name: "cookie of a pod that its host no longer names", path: "/", cookie: []string{"upstream=" + b}, pods: []string{podA}},
		{name: "cookie among others", path: "/", cookie: []string{"x=1; upstream=" + c + "; d0=2"}, pods: []string{podC}},
		{name: "cookie in quotes", path: "/", cookie: []string{`upstream="` + c + `"`}, pods: []string{podC}},
		{name: "several Cookie fields", path: "/", cookie: []string{"x=1", "upstream=" + c}, pods: []string{podC}},
		{name: "first usable cookie", path: "/", cookie: []string{"upstream=x; upstream=" + other + "; upstream=" + c + "; upstream=" + a}, pods: []string{podC}},
		{name: "first of two usable cookies", path: "/", cookie: []string{"upstream=" + c, "upstream=" + a}, pods: []string{podC}},
		{name: "other method", method: "POST", path: "/", cookie: []string{"upstream=" + c}, pods: []string{podC}},
		{name: "HEAD", method: "HEAD", path: "/", cookie: []string{"upstream=" + c}, pods: []string{podC}},
		{name: "another case of the name", path: "/", cookie: []string{"Upstream=" + c}, pods: anywhere},
		{name: "unusable cookie", path: "/", cookie: []string{"upstream=" + other}, pods: anywhere},
		{name: "cookie in no CIDR", path: "/", cookie: []string{"upstream=" + cluster.Token("127.0.3.1")}, pods: anywhere},
		{name: "escaped tilde", path: "/%7E/" + b + "/s/i", cookie: []string{"upstream=" + c}, pods: []string{podC}},
		{name: "empty token", path: "/~/", cookie: []string{"upstream=" + c}, pods: []string{podC}},
		{name: "empty token and more", path: "/~//s/i", cookie: []string{"upstream=" + c}, pods: []string{podC}},
		{name: "no slash", path: "/~", cookie: []string{"upstream=" + c}, pods: []string{podC}},
		{name: "tilde in a name", path: "/~" + b + "/s/i", cookie: []string{"upstream=" + c}, pods: []string{podC}},
		{name: "system path not at the front", path: "/x/~/" + b + "/s/i", cookie: []string{"upstream=" + c}, pods: []string{podC}},
	}
	return rows
}

// plays makes the URIs of each play unique.
var plays atomic.Int64

// play sends the rows and checks which pod got each.
func play(t *testing.T, client *Client, cluster *Cluster, rows []row) {
	t.Helper()
	for _, row := range rows {
		uri := fmt.Sprintf("%s?play=%d", row.path, plays.Add(1))
		answer, err := client.Try(Request{Method: row.method, Path: uri, Cookie: row.cookie})
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		saw := cluster.Saw(uri)
		if len(row.pods) == 0 {
			if len(saw) > 0 || answer.Status != http.StatusGone || answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: status %d, Cache-Control %q, seen by %v", row.name, answer.Status, answer.Header.Get("Cache-Control"), saw)
			}
			continue
		}
		if len(saw) != 1 || !slices.Contains(row.pods, saw[0]) {
			t.Errorf("%s: status %d, seen by %v, want one of %v", row.name, answer.Status, saw, row.pods)
		}
	}
}

// The fresh pods of an upstream are those of all its hosts.
func TestSeveralHosts(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	hosts := []string{podA, podC}
	for name, config := range spellings(cluster.Secret, "", []Upstream{cluster.Upstream("127.0.1.0/24 127.0.2.0/24", strings.Join(hosts, " "))}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caddy := Start(t, Options{Config: config})
			client := caddy.NewClient(t, H1)
			play(t, client, cluster, []row{
				{name: "token of a pod of the first host", path: "/~/" + cluster.Token(podA) + "/s/i", pods: []string{podA}},
				{name: "token of a pod of the second host", path: "/~/" + cluster.Token(podC) + "/s/i", pods: []string{podC}},
				{name: "token of a pod of none", path: "/~/" + cluster.Token(podB) + "/s/i", pods: []string{podB}},
			})
			seen := make(map[string]bool)
			for range 200 { // each of the two is chosen at random
				uri := fmt.Sprintf("/?play=%d", plays.Add(1))
				client.Get(uri)
				for _, pod := range cluster.Saw(uri) {
					seen[pod] = true
				}
			}
			if fresh := slices.Sorted(maps.Keys(seen)); !slices.Equal(fresh, hosts) {
				t.Errorf("new pages went to %v, want %v", fresh, hosts)
			}
		})
	}
}

func TestRoutingTable(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	for name, config := range spellings(cluster.Secret, "upstream", twoServers(cluster)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caddy := Start(t, Options{Config: config})
			protocols := Protocols
			if config.JSON != "" {
				protocols = []Protocol{H1}
			}
			for _, protocol := range protocols {
				t.Run(string(protocol), func(t *testing.T) {
					client := caddy.NewClient(t, protocol)
					play(t, client, cluster, systemRows(cluster))
					play(t, client, cluster, normalRows(cluster))
				})
			}
		})
	}
}

// With one upstream no cookie is needed, and its name can be left out.
func TestRoutingOneServer(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB)
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24 fd00::/8", podA)}
	for name, config := range spellings(cluster.Secret, "", upstreams) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := Start(t, Options{Config: config}).NewClient(t, H1)
			play(t, client, cluster, []row{
				{name: "no cookie", path: "/", pods: []string{podA}},
				{name: "a cookie that means nothing", path: "/", cookie: []string{"upstream=" + cluster.Token(podB)}, pods: []string{podA}},
				{name: "token", path: "/~/" + cluster.Token(podB) + "/s/i", pods: []string{podB}},
				{name: "gone", path: "/~/" + cluster.Token(podC) + "/s/i", pods: nowhere},
			})
		})
	}
}

// Pages and their requests stay with their pod, whatever other visitors do.
func TestRoutingAffinity(t *testing.T) {
	cluster := NewCluster(t, pod.Config{Roll: 200 * time.Millisecond}, podA, podB, podC)
	upstreams := []Upstream{cluster.Upstream(podA+"/32", podA), cluster.Upstream(podB+"/32", podB), cluster.Upstream("127.0.2.0/24", podC)}
	caddy := Start(t, Options{Config: Config{Handlers: Caddyfile("dynamic_upstreams", cluster.Secret, "upstream", upstreams, "lb_policy round_robin")}})
	perPod := map[string]int{}
	for visitor := range 9 {
		browser := caddy.NewBrowser(t, Protocols[visitor%len(Protocols)])
		home := browser.MustLoad("/")
		perPod[home.Pod]++
		for step := range 4 {
			page := browser.MustLoad(fmt.Sprintf("/visitor/%d/%d", visitor, step))
			if page.Pod != home.Pod {
				t.Fatalf("visitor %d moved from %s to %s", visitor, home.Pod, page.Pod)
			}
			for _, request := range []Request{
				{Path: page.Script},
				{Path: page.Sync(1)}, // ends after its roll time
				{Method: "POST", Path: page.Sync(1), Body: strings.NewReader(`[1,0,{},[]]`), Header: map[string]string{"Content-Type": "application/json"}},
				{Method: "POST", Path: page.Hook(pod.HookClick, 1), Body: strings.NewReader(`{}`)},
				{Path: page.History("/back")},
			} {
				answer, err := browser.Send(request)
				if err != nil || answer.Status != http.StatusOK {
					t.Fatalf("%s %s: %d %v", request.Method, request.Path, answer.Status, err)
				}
				if saw := cluster.Saw(request.Path); len(saw) == 0 || slices.ContainsFunc(saw, func(pod string) bool { return pod != home.Pod }) {
					t.Fatalf("%s was seen by %v, its page is on %s", request.Path, saw, home.Pod)
				}
			}
		}
	}
	if len(perPod) != 3 {
		t.Errorf("round robin led visitors to %v only", perPod)
	}
}

// The proxy passes these headers through in both directions.
func TestRoutingPassesHeadersThrough(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
	for _, protocol := range Protocols {
		t.Run(string(protocol), func(t *testing.T) {
			browser := caddy.NewBrowser(t, protocol)
			first := browser.Do(Request{Path: "/"})
			if len(first.Header["Set-Cookie"]) != 2 || first.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("page: %v", first.Header)
			}
			page := browser.MustLoad("/")
			link, err := browser.Send(Request{Method: "POST", Path: page.Hook(pod.HookLink, 1)})
			if err != nil || link.Header.Get("D0-After") == "" {
				t.Errorf("hook: %v %v", link.Header, err)
			}
			zipped := browser.Do(Request{Path: page.Script, Header: map[string]string{"Accept-Encoding": "gzip"}})
			if zipped.Header.Get("Content-Encoding") != "gzip" || zipped.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
				!slices.Contains(zipped.Header["Vary"], "Accept-Encoding") {
				t.Errorf("resource: %v", zipped.Header)
			}
			// 404, 405 and 410 of a pod are passed through.
			for path, status := range map[string]int{
				page.Prefix + "/x": 404, page.Prefix + "/h/unknown/1": 410, page.Hook("77", 1): 404,
			} {
				answer, err := browser.Send(Request{Path: path})
				if err != nil || answer.Status != status || answer.Header.Get("Via") == "" {
					t.Errorf("%s: status %d, want %d; %v", path, answer.Status, status, err)
				}
			}
		})
	}
}
