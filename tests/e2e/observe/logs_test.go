package observe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Forged tokens neither fill the disk nor appear in the log.
func TestForgedTokensWriteLittle(t *testing.T) {
	const requests, allowed = 20_000, 20_000
	c := start(t, "gone_rate 0", "", nil)
	before := len(c.caddy.Output.String())
	forged := []string{"for+ged", Token(t, NewSecret(32), podA), c.Token("10.9.8.7")}
	var waiting sync.WaitGroup
	for worker := range 8 {
		waiting.Go(func() {
			client := c.caddy.NewClient(t, H1)
			for number := range requests / 8 {
				path := fmt.Sprintf("/~/%s/s/i?t=%d", forged[(worker+number)%len(forged)], number)
				if answer, err := client.Try(Request{Path: path}); err != nil || answer.Status != http.StatusGone {
					t.Errorf("%s: status %d, %v", path, answer.Status, err)
					return
				}
			}
		})
	}
	waiting.Wait()
	log := c.caddy.Output.String()[before:]
	if len(log) > allowed {
		t.Errorf("%d requests wrote %d bytes:\n%.3000s", requests, len(log), log)
	}
	for _, reason := range []string{"token_malformed", "token_refused", "no_cidr"} {
		if lines := strings.Count(log, `"reason":"`+reason+`"`); lines < 1 {
			t.Errorf("no line about %s in:\n%s", reason, log)
		}
	}
	if strings.Contains(log, forged[1]) || strings.Contains(log, forged[2]) || strings.Contains(log, "/~/") {
		t.Errorf("a token is in the log:\n%s", log)
	}
	found, counted := scrape(t, c.caddy), 0.0
	for name, value := range found {
		if strings.HasPrefix(name, "caddy_doors_gone_total") {
			counted += value
		}
	}
	if counted != requests {
		t.Errorf("%v of %d were counted", counted, requests)
	}
	t.Logf("%d requests wrote %d bytes", requests, len(log))
}

// lines returns the entries of a logger, oldest first.
func lines(t *testing.T, caddy *Caddy, logger string) (found []map[string]any) {
	t.Helper()
	for line := range strings.Lines(caddy.Output.String()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && strings.HasPrefix(fmt.Sprint(entry["logger"]), logger) {
			found = append(found, entry)
		}
	}
	return found
}

// At start one line describes the source, with nothing about its key but the ID.
func TestSummary(t *testing.T) {
	c := start(t, "gone_rate 7", "", nil)
	key := scrape(t, c.caddy).key(t)
	c.caddy.Output.Wait(t, "serving initial configuration", Patience)
	var summaries []map[string]any
	for _, entry := range lines(t, c.caddy, "http.reverse_proxy.upstreams.doors_upstream") {
		if entry["msg"] == "routing Doors pages" {
			summaries = append(summaries, entry)
		}
	}
	if len(summaries) != 2 { // one for HTTP and one for HTTPS
		t.Fatalf("%d lines in:\n%s", len(summaries), c.caddy.Output)
	}
	for member, want := range map[string]string{
		"upstreams_total": "1", "upstreams": "[" + c.label + "]", "cookie_name": "upstream", "keys": "[0:" + key + "]", "gone_rate": "7", "refresh": "1",
	} {
		if got := fmt.Sprint(summaries[0][member]); got != want {
			t.Errorf("%s: %s, want %s", member, got, want)
		}
	}
	if strings.Contains(c.caddy.Output.String(), c.Secret) {
		t.Error("the key is in the log")
	}
}

// The decision is available to everything that runs after it: header operations, response routes,
// the access log.
func TestVisibleDecisions(t *testing.T) {
	const all = "{http.doors.decision} {http.doors.reason} {http.doors.pod} {http.doors.upstream}"
	c := start(t, "decision_header X-Doors-Decision", `header_up X-Up "`+all+`"
header_down X-Down "`+all+`"
@lost status 404
handle_response @lost {
	header X-Lost "`+all+`"
	respond "lost" 404
}`, func(proxy string) string {
		return "log\nlog_append late \"{http.doors.decision}\"\n" + proxy
	})
	client := c.caddy.NewClient(t, H1)
	podAt := func(address string) string { return fmt.Sprintf("%s:%d", address, c.Port) }
	type want struct{ decision, down, lost string }
	for number, test := range []struct {
		request Request
		status  int
		want    want
		log     map[string]any
	}{
		{Request{Path: "/", Cookie: []string{"upstream=" + c.Token(podB)}}, 200, want{"upstream;reason=cookie;path=page;upstream=0", "upstream cookie " + podAt(podB) + " " + c.label, ""},
			map[string]any{"decision": "upstream", "reason": "cookie", "path": "page", "pod": podAt(podB), "upstream": c.label}},
		{Request{Path: "/~/" + c.Token(podA) + "/h/none/1"}, 410, want{"pod;path=hook;upstream=0", "pod  " + podAt(podA) + " " + c.label, ""},
			map[string]any{"decision": "pod", "path": "hook", "pod": podAt(podA), "upstream": c.label}},
		{Request{Method: "PUT", Path: "/", Cookie: []string{"upstream=" + c.Token(podB)}}, 404,
			want{"upstream;reason=cookie;path=page;upstream=0", "", "upstream cookie " + podAt(podB) + " " + c.label},
			map[string]any{"decision": "upstream", "reason": "cookie", "path": "page", "pod": podAt(podB), "upstream": c.label}},
		{Request{Path: "/~/for+ged/h/i/1"}, 410, want{"gone;reason=token_malformed;path=hook", "", ""},
			map[string]any{"decision": "gone", "reason": "token_malformed", "path": "hook"}},
		{Request{Path: "/~/" + c.Token(nobody) + "/h/i/1"}, 410, want{"pod;reason=pod_gone;path=hook;upstream=0", "", ""},
			map[string]any{"decision": "pod", "reason": "pod_gone", "path": "hook", "pod": podAt(nobody), "upstream": c.label}},
	} {
		answer := client.Do(test.request)
		got := want{answer.Header.Get("X-Doors-Decision"), answer.Header.Get("X-Down"), answer.Header.Get("X-Lost")}
		if answer.Status != test.status || got != test.want {
			t.Errorf("%s: status %d, %+v; want %d, %+v", test.request.Path, answer.Status, got, test.status, test.want)
		}
		var entry map[string]any
		Eventually(t, "the entry in the access log", func() bool {
			entries := lines(t, c.caddy, "http.log.access")
			if len(entries) > number {
				entry = entries[number]
			}
			return entry != nil
		})
		if got, _ := entry["doors"].(map[string]any); fmt.Sprint(got) != fmt.Sprint(test.log) {
			t.Errorf("%s: the access log has %v, want %v", test.request.Path, got, test.log)
		}
		if entry["late"] != test.log["decision"] {
			t.Errorf("%s: log_append has %v", test.request.Path, entry["late"])
		}
	}
	for _, one := range []string{podA, podB} {
		for _, request := range c.Pod(one).Requests("/") {
			if up := request.Header.Get("X-Up"); !strings.HasPrefix(up, "upstream cookie "+podAt(podB)) {
				t.Errorf("%s got X-Up: %s", one, up)
			}
		}
	}
}

// There is no decision header by default.
func TestNoDecisionHeaderByDefault(t *testing.T) {
	c := start(t, "", "", nil)
	for name := range c.caddy.NewClient(t, H1).Get("/").Header {
		if strings.Contains(strings.ToLower(name), "doors") {
			t.Errorf("the answer has the header %s", name)
		}
	}
}
