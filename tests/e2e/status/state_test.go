package status_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// A rollout as an operator sees it: pages on the old pod, the change in DNS, the new pod filling
// up, the old one emptying and ending, with a reload in the middle.
func TestStateOfARollout(t *testing.T) {
	t.Parallel()
	r := start(t)
	if pods := r.state().Pods; len(pods) != 0 {
		t.Errorf("pods before the first request: %+v", pods)
	}
	const pages = 3
	var closeOld []func()
	for range pages {
		page, closePage := r.open()
		if page.Pod != podA {
			t.Fatalf("a page of %s", page.Pod)
		}
		closeOld = append(closeOld, closePage)
	}
	Eventually(t, "the streams are counted", func() bool { return r.pod(podA).Streams == pages })
	old := r.pod(podA)
	if old.Generation != "fresh" || old.Verdict != "alive" || old.InFlight != pages || old.Upstream != r.hostport(app) ||
		old.FirstSeenSecondsAgo == nil || old.LastSeenSecondsAgo == nil || *old.FirstSeenSecondsAgo < *old.LastSeenSecondsAgo {
		t.Errorf("%+v", old)
	}
	r.checkSource(t)
	Eventually(t, "the history shows them", func() bool { return slices.Contains(r.state().History.Fresh, pages) })

	r.resolve(app, podB)
	Eventually(t, "the old pod drains", func() bool { return r.pod(podA).Generation == "draining" })
	if fresh := r.pod(podB); fresh.Generation != "fresh" || fresh.FirstSeenSecondsAgo != nil || fresh.Upstream != r.hostport(app) {
		t.Errorf("the new pod before its first request: %+v", fresh)
	}
	_, closeNew := r.open()
	Eventually(t, "the new pod fills", func() bool { return r.pod(podB).Streams == 1 })

	// The state survives a reload, while streams of the old configuration continue.
	before := r.state().UptimeSeconds
	if status, message := r.caddy.Load(r.config(r.Secret + " " + NewSecret(16))); status != http.StatusOK {
		t.Fatal(status, message)
	}
	after := r.state()
	if len(after.Sources) != 2 || len(after.Sources[0].Keys) != 2 || after.UptimeSeconds < before {
		t.Errorf("after a reload: %+v", after)
	}
	if first := r.pod(podA).FirstSeenSecondsAgo; first == nil || *first < *old.FirstSeenSecondsAgo {
		t.Errorf("after a reload the old pod was first seen %v s ago", first)
	}

	Eventually(t, "the history shows both generations", func() bool {
		history := r.state().History
		last := len(history.Fresh) - 1
		return history.Fresh[last] == 1 && history.Draining[last] == pages
	})
	for _, closePage := range closeOld {
		closePage()
	}
	closeNew()
	Eventually(t, "closed pages are not counted", func() bool { return r.pod(podA).InFlight == 0 && r.pod(podB).InFlight == 0 })
	if last := r.pod(podA); last.Streams != 0 || last.Generation != "draining" {
		t.Errorf("%+v", last)
	}

	r.Pod(podA).Kill()
	client := r.caddy.NewClient(t, H1)
	if answer := client.Get("/~/" + r.Token(podA) + "/s/1"); answer.Status != http.StatusGone {
		t.Fatalf("status %d", answer.Status)
	}
	if dead := r.pod(podA); dead.Verdict != "gone" || dead.RefusedDials == 0 || dead.UnreachableSecondsAgo == nil {
		t.Errorf("%+v", dead)
	}
}

// hostport returns the name of an upstream in the state.
func (r *rollout) hostport(host string) string {
	_, port, _ := strings.Cut(r.Pod(podA).Address().String(), ":")
	return host + ":" + port
}

// checkSource checks what is shown of the configuration. HTTP and HTTPS each have a source.
func (r *rollout) checkSource(t *testing.T) {
	t.Helper()
	s := r.state()
	if len(s.Sources) != 2 {
		t.Fatalf("%d sources", len(s.Sources))
	}
	source := s.Sources[0]
	if source.CookieName != "upstream" || source.UpstreamsTotal != 2 || len(source.Upstreams) != 2 || len(source.Keys) != 1 || len(source.Keys[0].ID) != 8 {
		t.Fatalf("%+v", source)
	}
	one, two := source.Upstreams[0], source.Upstreams[1]
	if one.Upstream != r.hostport(app) || !slices.Equal(one.CIDRs, []string{"127.0.1.0/24"}) || !slices.Equal(one.Addresses, []string{podA}) ||
		!one.Resolving || one.ResolvedSecondsAgo == nil || one.DNSError != "" {
		t.Errorf("%+v", one)
	}
	if !slices.Equal(two.CIDRs, []string{"127.0.2.0/24", "fd00:2::/64"}) {
		t.Errorf("%+v", two)
	}
	if text := r.get("/state").Body; strings.Contains(text, r.Secret) || strings.Contains(text, r.Token(podA)[:12]) {
		t.Error("the state shows a key or a token")
	}
}

// Caddy's own answers are counted by reason, and pods outside all networks are not remembered.
func TestAnswersAreCounted(t *testing.T) {
	t.Parallel()
	r := start(t)
	client := r.caddy.NewClient(t, H1)
	r.Pod(podB).Kill()
	client.Get("/") // else pages could not reload
	for path, times := range map[string]int{
		"/~/not.a.token/h/1/1":                                       1,
		"/~/" + Token(t, NewSecret(32), podA) + "/h/1/1":             2,
		"/~/" + r.Token("127.0.9.9") + "/h/1/1":                      3,
		"/~/" + r.Token(podB) + "/h/1/1":                             4,
		"/~/" + strings.Repeat("A", 42) + "B/h/1/1":                  5, // trailing bits
		"/~/" + r.Token(podB) + "/r/0123456789abcdef.style.css?gone": 0,
	} {
		for range times {
			if answer := client.Get(path); answer.Status != http.StatusGone {
				t.Errorf("%s: status %d", path, answer.Status)
			}
		}
	}
	s := r.state()
	for reason, want := range map[string]int{
		"token_malformed": 6, "token_refused": 2, "no_cidr": 3, "pod_gone": 4,
	} {
		if got, known := s.Answers.Gone[reason]; !known || got != want {
			t.Errorf("%s: %d, want %d", reason, got, want)
		}
	}
	// All of these were hooks. A pod's own 410 makes its page reload too, but is not an answer of
	// Caddy.
	for range 7 {
		client.Get("/~/" + r.Token(podA) + "/h/ended/1")
	}
	client.Get("/~/" + r.Token("127.0.9.9") + "/r/0123456789abcdef.style.css") // does not make a page reload
	s = r.state()
	for reason, want := range map[string]int{"token_malformed": 6, "token_refused": 2, "no_cidr": 3, "pod_gone": 4, "page_gone": 7} {
		if got := s.Answers.Reloads[reason]; got != want {
			t.Errorf("reloads of %s: %d, want %d", reason, got, want)
		}
	}
	if _, found := s.Answers.Gone["page_gone"]; found || s.Answers.Gone["no_cidr"] != 4 {
		t.Errorf("answers of Caddy: %v", s.Answers.Gone)
	}
	for _, one := range s.Pods {
		if strings.HasPrefix(one.Pod, "127.0.9.9") {
			t.Errorf("a pod outside all networks is listed: %+v", one)
		}
	}
	r.dns.Close()
	Eventually(t, "the failure of the name server is shown", func() bool {
		client.Get("/")
		one := r.state().Sources[0].Upstreams[0]
		return one.DNSError != "" && one.FailingSecondsAgo != nil
	})
}

// The status is read-only and has only these paths. The admin API has the same ones without the
// page.
func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.open()
	Eventually(t, "the stream is counted", func() bool { return r.pod(podA).Streams == 1 })
	client := r.caddy.NewClient(t, H1)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		for _, path := range []string{"/ops/", "/ops/state", "/ops/pods/" + podA} {
			answer := client.Do(Request{Method: method, Path: path})
			if answer.Status != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: status %d, %v", method, path, answer.Status, answer.Header)
			}
		}
	}
	for path, status := range map[string]int{
		"/ops/": 200, "/ops/state": 200, "/ops/pods/" + podA + "?idle=0s": 409, "/ops/pods/" + podZ + "?idle=0s": 200,
		"/ops/nothing": 404, "/ops/state/": 404, "/ops/pods": 404, "/ops/pods/": 400,
	} {
		got, head := client.Get(path), client.Do(Request{Method: "HEAD", Path: path})
		if got.Status != status || head.Status != status || head.Body != "" || got.Body == "" {
			t.Errorf("%s: GET %d, HEAD %d with %d bytes, want %d", path, got.Status, head.Status, len(head.Body), status)
		}
		if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, got.Header)
		}
	}

	status, text := r.caddy.Admin("GET", "/doors", "", nil)
	var s state
	decode(t, text, &s)
	if status != http.StatusOK || len(s.Sources) != 2 || len(s.Pods) == 0 {
		t.Errorf("admin API: status %d, %s", status, text)
	}
	for path, want := range map[string]int{"/doors/pods/" + podZ + "?idle=0s": 200, "/doors/pods/127.0.9.9?idle=1s": 404, "/doors/": 404, "/doors/state": 404} {
		if status, text := r.caddy.Admin("GET", path, "", nil); status != want {
			t.Errorf("admin API %s: status %d, %s", path, status, text)
		}
	}
	if status, _ := r.caddy.Admin("POST", "/doors", "", nil); status != http.StatusMethodNotAllowed {
		t.Errorf("admin API POST: status %d", status)
	}
	request, err := http.NewRequest("GET", r.caddy.AdminURL("/doors"), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Mode", "navigate") // as a browser does
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a browser gets %s from the admin API", answer.Status)
	}
}
