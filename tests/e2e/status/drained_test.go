package status_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// A user who waits for a rollout is told when it is over: on the page, in the state, and by a
// command with an exit code.
func TestDrained(t *testing.T) {
	t.Parallel()
	r := startWith(t, 10*time.Minute, "\t\troll_time 3s\n")
	site := r.caddy.NewClient(t, H1).Base + "/ops"
	check := func(code int, line string) {
		t.Helper()
		said := Command{Arguments: []string{"doors", "status", "--address", site}}.Run(t)
		if said.Code != code || !strings.HasPrefix(said.Stdout, site+": "+line) || strings.Count(said.Stdout, "\n") != 1 {
			t.Errorf("%+v, want %d and %q", said, code, line)
		}
	}
	check(0, "no pod is draining\n")
	_, closeFirst := r.open()
	_, closeSecond := r.open()
	Eventually(t, "the streams are counted", func() bool { return r.pod(podA).Streams == 2 })
	r.resolve(app, podB)
	w := openWindow(t, site+"/")
	w.shows(`document.getElementById("headline").innerText.startsWith("1 pod draining, 2 pages left, for ")`)
	check(1, "1 pod draining, 2 pages left, for ")
	waited := make(chan Result, 1)
	go func() {
		waited <- Command{Arguments: []string{"doors", "wait", "--drained", "--address", site, "--address", r.caddy.AdminURL(""), "--timeout", "5m"}}.Run(t)
	}()
	if one := r.pod(podA); one.Drained {
		t.Errorf("drained with pages: %+v", one)
	}
	closeFirst()
	closeSecond()
	w.shows(`document.getElementById("headline").innerText.startsWith("complete for ")`)
	w.shows(`[...document.querySelectorAll("#pods tr")].some((row) => row.innerText.includes("` + podA + `:") && row.innerText.includes("drained"))`)
	check(0, "complete for ")
	if end := <-waited; end.Code != 0 || strings.Count(end.Stdout, ": complete for ") != 2 || strings.Count(end.Stderr, ": 1 pod draining, ") < 2 {
		t.Errorf("%+v", end)
	}
	if one := r.pod(podA); !one.Drained || one.DrainedSecondsAgo == nil || *one.DrainingSecondsAgo < *one.DrainedSecondsAgo+4 || one.LastSeenSecondsAgo == nil || *one.LastSeenSecondsAgo < 4 {
		t.Errorf("drained before its time: %+v", one)
	}

	// A pod that refuses connections is drained, however recent its last request.
	r.open()
	Eventually(t, "the stream is counted", func() bool { return r.pod(podB).Streams == 1 })
	r.resolve(app, podA)
	Eventually(t, "the other pod drains", func() bool { return r.pod(podB).Generation == "draining" && !r.pod(podB).Drained })
	r.Pod(podB).Kill()
	client := r.caddy.NewClient(t, H1)
	Eventually(t, "the other pod is gone", func() bool {
		client.Get("/")
		client.Get("/~/" + r.Token(podB) + "/s/1")
		return r.pod(podB).Verdict == "gone"
	})
	if s := r.state(); !r.pod(podB).Drained || s.Rollout.Drained != 1 || s.Rollout.Draining != 0 || s.Rollout.Pages != 0 {
		t.Errorf("%+v, %+v", r.pod(podB), s.Rollout)
	}
	w.checkSilence()
}
