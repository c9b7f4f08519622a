package status_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// often makes streams roll every second, on both sides.
const often = "\t\troll_time 1s\n"

// visitor has a page that opens one receiver stream after the other, and reloads when told to.
type visitor struct {
	mu      sync.Mutex
	page    *Page
	reloads int
	wrong   string // an event that no visitor may see
}

func (r *rollout) visit(caddy *Caddy) *visitor {
	v := &visitor{page: r.load(caddy)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	r.t.Cleanup(func() {
		cancel()
		<-ended
	})
	go func() {
		defer close(ended)
		for number := 1; ctx.Err() == nil; number++ {
			page, _ := v.now()
			answer, err := page.Browser.Open(ctx, Request{Path: page.Sync(number), Cookie: page.Browser.Cookies()})
			if err != nil {
				continue // only at the end of the test or of a Caddy
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			switch answer.StatusCode {
			case http.StatusOK:
			case http.StatusServiceUnavailable:
				time.Sleep(100 * time.Millisecond)
			case http.StatusGone:
				number = 0
				again, err := page.Browser.Load("/")
				v.mu.Lock()
				if err == nil {
					v.page, v.reloads = again, v.reloads+1
				} else if ctx.Err() == nil {
					v.wrong = err.Error()
				}
				v.mu.Unlock()
			default:
				v.mu.Lock()
				v.wrong = answer.Status
				v.mu.Unlock()
			}
		}
	}()
	return v
}

func (v *visitor) now() (page *Page, reloads int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.page, v.reloads
}

// on returns how many visitors have their page on a pod.
func on(visitors []*visitor, pod string) (pages int) {
	for _, v := range visitors {
		if page, _ := v.now(); page.Pod == pod {
			pages++
		}
	}
	return pages
}

// checkVisitors checks that each visitor was told to reload once, and saw nothing wrong.
func checkVisitors(t testing.TB, visitors []*visitor) {
	t.Helper()
	for i, v := range visitors {
		if _, reloads := v.now(); reloads != 1 || v.wrong != "" {
			t.Errorf("visitor %d: %d reloads, %q", i, reloads, v.wrong)
		}
	}
}

func adminOf(caddy *Caddy) string { return fmt.Sprintf("127.0.0.1:%d", caddy.Places.Admin) }

func evict(t testing.TB, arguments ...string) Result {
	t.Helper()
	return Command{Arguments: append([]string{"doors", "evict"}, arguments...)}.Run(t)
}

// An operator moves the pages of a pod to another one, with open pages, across a reload, and ends
// the eviction.
func TestEvict(t *testing.T) {
	t.Parallel()
	r := startWith(t, time.Second, often)
	r.resolve(app, podA, podB)
	var visitors []*visitor
	for range 8 {
		visitors = append(visitors, r.visit(r.caddy))
	}
	silent := r.load(r.caddy) // opens no stream
	if pages := on(visitors, podA); pages != len(visitors) || silent.Pod != podA {
		t.Fatalf("%d pages on the first pod", pages)
	}
	Eventually(t, "the streams are counted", func() bool { return r.pod(podA).Streams >= len(visitors)-1 })
	w := openWindow(t, r.caddy.NewClient(t, H1).Base+"/ops/")

	ended := make(chan Result, 1)
	go func() {
		ended <- evict(t, podA, "--rate", "4", "--idle-first", "--address", adminOf(r.caddy), "--timeout", "5m")
	}()
	Eventually(t, "the pod is evicted", func() bool { return r.pod(podA).EvictedSecondsAgo != nil })
	w.shows(`!document.getElementById("evictions-section").hidden && document.getElementById("evictions").innerText.includes("127.0.1.1/32 for ") && document.getElementById("evictions").innerText.includes("4 a second, idle pages first")`)
	if page := r.load(r.caddy); page.Pod != podB {
		t.Errorf("a new page on %s", page.Pod)
	}
	// The eviction survives the reload, and clicks work all the time.
	click := func() {
		t.Helper()
		if answer, err := silent.Browser.Send(Request{Method: "POST", Path: silent.Hook("1", 1)}); err != nil || answer.Status != http.StatusOK {
			t.Errorf("a click on the evicted pod: %d, %v", answer.Status, err)
		}
	}
	click()
	if status, message := r.caddy.Load(r.config(r.Secret + " " + NewSecret(16))); status != http.StatusOK {
		t.Fatal(status, message)
	}
	click()
	Eventually(t, "all pages are on the other pod", func() bool { return on(visitors, podB) == len(visitors) })
	click()
	var result Result
	select {
	case result = <-ended:
	case <-time.After(Patience):
		t.Fatal("the command goes on")
	}
	if result.Code != 0 || !strings.HasSuffix(result.Stdout, ": "+podA+": no pages left, 8 told to reload\n") || !strings.Contains(result.Stderr, podA+": 1 pod draining, ") {
		t.Errorf("%+v", result)
	}
	checkVisitors(t, visitors)

	s := r.state()
	if len(s.Evictions) != 1 || s.Evictions[0].Network != podA+"/32" || s.Evictions[0].Rate != 4 || !s.Evictions[0].IdleFirst || s.Evictions[0].Told != 8 || s.Evictions[0].Drained != 1 || s.Evictions[0].Draining != 0 {
		t.Errorf("%+v", s.Evictions)
	}
	if one := r.pod(podA); one.Generation != "draining" || !one.Drained || one.DrainingSecondsAgo == nil {
		t.Errorf("%+v", one)
	}
	if s.Answers.Gone["evicted"] != 8 || s.Answers.Reloads["evicted"] != 8 || !strings.HasPrefix(s.Rollout.Headline, "complete for ") {
		t.Errorf("%+v, %+v", s.Answers, s.Rollout)
	}
	var events []string
	for _, event := range s.Events {
		events = append(events, strings.TrimSpace(event.Event+" "+event.Network))
	}
	if text := strings.Join(events, ", "); !strings.Contains(text, "evicted "+podA+"/32") || !strings.Contains(text, "last_page") {
		t.Errorf("events: %s", text)
	}
	w.shows(`document.getElementById("events").innerText.includes("127.0.1.1/32 is evicted") && document.getElementById("events").innerText.includes("has no pages left")`)
	w.picture("evicted", 1000, false)
	w.picture("evicted-narrow", 360, true)
	_, metrics := r.caddy.Admin(http.MethodGet, "/metrics", "", nil)
	for _, line := range []string{
		`caddy_doors_gone_total{path="sync",reason="evicted"} 8`, "caddy_doors_evictions 1",
		fmt.Sprintf(`caddy_doors_evicted_pods{upstream="%s"} 1`, r.hostport(app)),
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	top := Command{Arguments: []string{"doors", "top", "--once", "--address", adminOf(r.caddy)}}.Run(t)
	if !strings.Contains(top.Stdout, ": 127.0.1.1/32, 0 pages left, 8 told to reload\n") {
		t.Errorf("%s", top.Stdout)
	}

	line := func(text string) {
		t.Helper()
		Eventually(t, text, func() bool { return strings.Count(r.caddy.Output.String(), text) == 1 })
	}
	line("evicted pods have no pages left")
	if undone := evict(t, podA, "--undo", "--address", adminOf(r.caddy)); undone.Code != 0 || !strings.Contains(undone.Stdout, podA+" is no longer evicted, 8 told to reload\n") {
		t.Errorf("%+v", undone)
	}
	if undone := evict(t, podA, "--undo", "--address", adminOf(r.caddy)); undone.Code != 1 || !strings.Contains(undone.Stderr, "nothing to undo") {
		t.Errorf("%+v", undone)
	}
	if page := r.load(r.caddy); page.Pod != podA {
		t.Errorf("after --undo a new page on %s", page.Pod)
	}
	if s := r.state(); len(s.Evictions) != 0 || s.Events[len(s.Events)-1].Event != "eviction_undone" {
		t.Errorf("%+v, %+v", s.Evictions, s.Events)
	}
	line("evicting pods")
	line("eviction undone")
	w.checkSilence()
}

// Every replica gets the order, even one without pages of the pod.
func TestEvictAtAllReplicas(t *testing.T) {
	t.Parallel()
	r := startWith(t, time.Second, often)
	r.resolve(app, podA, podB)
	second := Start(t, Options{Config: r.config(r.Secret)})
	visitors := []*visitor{r.visit(r.caddy), r.visit(second), r.visit(second)}
	if pages := on(visitors, podA); pages != len(visitors) {
		t.Fatalf("%d pages on the first pod", pages)
	}
	both := []string{"--upstream", r.hostport(app), podA + "/32", "--address", adminOf(r.caddy), "--address", adminOf(second)}
	if result := evict(t, append(both, "--timeout", "5m")...); result.Code != 0 || strings.Count(result.Stdout, ": 127.0.1.1/32 of "+r.hostport(app)+": no pages left, ") != 2 {
		t.Errorf("%+v", result)
	}
	if pages := on(visitors, podB); pages != len(visitors) {
		t.Errorf("%d pages on the other pod", pages)
	}
	checkVisitors(t, visitors)
	if undone := evict(t, append(both, "--undo")...); undone.Code != 0 || strings.Count(undone.Stdout, " is no longer evicted, ") != 2 {
		t.Errorf("%+v", undone)
	}
}

// Only the admin API takes orders, and it checks the origin of a request by its own rules.
func TestWhoMayEvict(t *testing.T) {
	t.Parallel()
	r := startWith(t, time.Second, often)
	r.open()
	Eventually(t, "the pod is known", func() bool { return r.pod(podA).Pod != "" })
	for _, method := range []string{"POST", "DELETE", "PUT"} {
		for _, path := range []string{"/evictions?pod=" + podA, "/doors/evictions?pod=" + podA, "/state"} {
			answer := r.caddy.NewClient(t, H1).Do(Request{Method: method, Path: "/ops" + path, Body: strings.NewReader(`{"pod": "` + podA + `"}`)})
			if answer.Status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: status %d", method, path, answer.Status)
			}
		}
	}
	if one := r.pod(podA); one.EvictedSecondsAgo != nil {
		t.Errorf("%+v", one)
	}
	for body, want := range map[string]int{
		`{"pod": "127.0.1.1"}`: 200, `{"pod": "127.0.9.1"}`: 404, `{"upstream": "nobody.test:80"}`: 404, `{"pod": "canary"}`: 400, `{}`: 400, ``: 400,
	} {
		if status, message := r.caddy.Admin("POST", "/doors/evictions", "application/json", []byte(body)); status != want || strings.Contains(message, "canary") {
			t.Errorf("%s: %d %s, want %d", body, status, message, want)
		}
	}
	foreign, err := http.NewRequest(http.MethodDelete, r.caddy.AdminURL("/doors/evictions?pod="+podA), nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Header.Set("Origin", "http://evil.test")
	answer, err := http.DefaultClient.Do(foreign)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden || len(r.state().Evictions) != 1 {
		t.Errorf("status %d, %+v", answer.StatusCode, r.state().Evictions)
	}
	if status, message := r.caddy.Admin("DELETE", "/doors/evictions?pod="+podA, "", nil); status != http.StatusOK || !strings.Contains(message, podA+"/32") {
		t.Errorf("%d %s", status, message)
	}
	// Without a source there is nothing to evict.
	if status, message := r.caddy.Load(Config{Handlers: "respond ok"}); status != http.StatusOK {
		t.Fatal(status, message)
	}
	if status, message := r.caddy.Admin("POST", "/doors/evictions", "application/json", []byte(`{"network": "127.0.1.0/24"}`)); status != http.StatusConflict {
		t.Errorf("%d %s", status, message)
	}
}

// With drain_max, a drain ends.
func TestDrainMax(t *testing.T) {
	t.Parallel()
	r := startWith(t, time.Second, often+"\t\tdrain_max 2s\n")
	var visitors []*visitor
	for range 4 {
		visitors = append(visitors, r.visit(r.caddy))
	}
	r.resolve(app, podB)
	Eventually(t, "all pages are on the new pod", func() bool { return on(visitors, podB) == len(visitors) })
	Eventually(t, "the old pod has drained", func() bool { return strings.HasPrefix(r.state().Rollout.Headline, "complete for ") })
	checkVisitors(t, visitors)
	if s := r.state(); s.Answers.Gone["drain_max"] != len(visitors) || len(s.Evictions) != 0 || r.pod(podA).EvictedSecondsAgo != nil {
		t.Errorf("%+v, %+v", s.Answers, s.Evictions)
	}
}
