package observe_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Metrics count what happens, and survive a reload.
func TestMetrics(t *testing.T) {
	c := start(t, "", "", nil)
	browser := c.caddy.NewBrowser(t, H1)
	page := browser.MustLoad("/")
	release := c.stream(t, page)
	for range 3 {
		browser.MustLoad("/")
	}
	client := c.caddy.NewClient(t, H1)
	for range 5 {
		client.Get("/~/for+ged/h/i/1")
	}
	client.Get("/~/" + c.Token("10.9.8.7") + "/h/i/1")
	for range 2 {
		client.Get("/~/" + c.Token(nobody) + "/h/i/1")
	}
	client.Get("/~/" + c.Token(page.Pod) + "/h/i/1") // the pod itself answers 410
	key := scrape(t, c.caddy).key(t)
	upstream := `upstream="` + c.label + `"`
	want := series{
		`caddy_doors_decisions_total{decision="upstream",path="page"}`:                4,
		`caddy_doors_decisions_total{decision="pod",path="sync"}`:                     1,
		`caddy_doors_decisions_total{decision="pod",path="hook"}`:                     3,
		`caddy_doors_decisions_total{decision="gone",path="hook"}`:                    6,
		`caddy_doors_decisions_total{decision="any",path="page"}`:                     0,
		`caddy_doors_gone_total{path="hook",reason="token_malformed"}`:                5,
		`caddy_doors_gone_total{path="hook",reason="no_cidr"}`:                        1,
		`caddy_doors_gone_total{path="hook",reason="pod_gone"}`:                       2,
		`caddy_doors_gone_total{path="sync",reason="token_refused"}`:                  0,
		`caddy_doors_gone_total{path="hook",reason="page_gone"}`:                      1,
		`caddy_doors_gone_total{path="sync",reason="page_gone"}`:                      0,
		`caddy_doors_unavailable_total{path="page",reason="no_fresh_pod"}`:            0,
		`caddy_doors_tokens_opened_total{from="path",key="0",key_id="` + key + `"}`:   5,
		`caddy_doors_tokens_opened_total{from="cookie",key="0",key_id="` + key + `"}`: 3,
		`caddy_doors_dial_failures_total{outcome="refused",` + upstream + `}`:         1,
		`caddy_doors_failovers_total`:                                                 0,
		`caddy_doors_pods{state="fresh",` + upstream + `}`:                            2,
		`caddy_doors_pods{state="draining",` + upstream + `}`:                         0,
		`caddy_doors_streams{state="fresh",` + upstream + `}`:                         1,
		`caddy_doors_streams{state="draining",` + upstream + `}`:                      0,
		`caddy_doors_requests_in_flight{` + upstream + `}`:                            1,
	}
	check := func(when string, want series) {
		t.Helper()
		found := scrape(t, c.caddy)
		for name, value := range want {
			if got, ok := found[name]; !ok || got != value {
				t.Errorf("%s: %s is %v (%v), want %v", when, name, got, ok, value)
			}
		}
	}
	check("after some traffic", want)
	if routers := scrape(t, c.caddy)["caddy_doors_routers"]; routers < 2 { // one for HTTP and one for HTTPS
		t.Errorf("%v routers", routers)
	}
	found := scrape(t, c.caddy)
	lookups, answered := found[`caddy_doors_dns_lookups_total{result="resolved"}`], found[`caddy_doors_dns_answer_timestamp_seconds{host="`+app+`"}`]
	if age := float64(time.Now().UnixMilli())/1000 - answered; lookups < 1 || age < 0 || age > 30 {
		t.Errorf("%v lookups, the last answer %v s ago", lookups, age)
	}

	// A reload makes a new registry and a new router but keeps the values. The stream continues
	// under the old configuration.
	if status, message, err := c.caddy.Reload(Config{Handlers: c.config("gone_rate 99", "", nil).Handlers, Grace: "1m"}); status != http.StatusOK || err != nil {
		t.Fatal(status, message, err)
	}
	client = c.caddy.NewClient(t, H1)
	client.Get("/~/for+ged/h/i/1")
	want[`caddy_doors_decisions_total{decision="gone",path="hook"}`]++
	want[`caddy_doors_gone_total{path="hook",reason="token_malformed"}`]++
	check("after a reload", want)

	// The rollout: the page's pod has left DNS, and its stream counts as draining, even if nobody
	// asks for a new page meanwhile.
	other := map[string]string{podA: podB, podB: podA}[page.Pod]
	c.resolve(other)
	Eventually(t, "the pod of the page drains", func() bool {
		found := scrape(t, c.caddy)
		return found[`caddy_doors_streams{state="draining",`+upstream+`}`] == 1 && found[`caddy_doors_pods{state="draining",`+upstream+`}`] == 1 &&
			found[`caddy_doors_pods{state="fresh",`+upstream+`}`] == 1
	})
	release()
	Eventually(t, "the stream has ended", func() bool {
		found := scrape(t, c.caddy)
		return found[`caddy_doors_streams{state="draining",`+upstream+`}`] == 0 && found[`caddy_doors_requests_in_flight{`+upstream+`}`] == 0
	})
}

// A request that any pod can answer goes to another pod if its pod is unreachable.
func TestFailoversAreCounted(t *testing.T) {
	c := start(t, "", "lb_policy first", nil)
	c.resolve(dead, podB) // in this order: nothing listens on the first
	if answer := c.caddy.NewClient(t, H1).Get("/"); answer.Status != http.StatusOK {
		t.Fatalf("status %d", answer.Status)
	}
	found := scrape(t, c.caddy)
	for name, want := range (series{
		`caddy_doors_failovers_total`: 1,
		`caddy_doors_dial_failures_total{outcome="refused",upstream="` + c.label + `"}`: 1,
	}) {
		if found[name] != want {
			t.Errorf("%s is %v, want %v", name, found[name], want)
		}
	}
}

// The table in docs/metrics.md lists the existing metrics with their labels.
func TestPageListsMetrics(t *testing.T) {
	c := start(t, "", "", nil)
	client := c.caddy.NewClient(t, H1)
	client.Get("/")
	client.Get("/~/" + c.Token(nobody) + "/h/i/1")
	labels := map[string][]string{}
	for name := range scrape(t, c.caddy) {
		name, rest, _ := strings.Cut(name, "{")
		labels[name] = []string{}
		for _, label := range regexp.MustCompile(`([a-z_]+)="`).FindAllStringSubmatch(rest, -1) {
			labels[name] = append(labels[name], label[1])
		}
		slices.Sort(labels[name])
	}
	text, err := os.ReadFile(filepath.Join(Root(t), "docs/metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `(caddy_doors_[a-z_]+)` \\|([^|]*)\\|").FindAllStringSubmatch(string(text), -1)
	for _, row := range rows {
		listed := []string{}
		for _, label := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[2], -1) {
			listed = append(listed, label[1])
		}
		slices.Sort(listed)
		if found, ok := labels[row[1]]; !ok || !slices.Equal(found, listed) {
			t.Errorf("%s: docs/metrics.md lists the labels %q, Caddy has %q (%v)", row[1], listed, found, ok)
		}
		delete(labels, row[1])
	}
	if len(rows) < 10 || len(labels) > 0 {
		t.Errorf("%d metrics in docs/metrics.md, which lacks %v", len(rows), labels)
	}
}
