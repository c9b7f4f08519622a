package doorscaddy

import (
	"net/http"
	"testing"
	"time"
)

// Drain waits for pages under way and for pages that no other pod can take.
func TestQuiet(t *testing.T) {
	const delay = time.Minute
	g := newGate(http.NotFoundHandler(), "")
	const page, lastChoice = true, true
	before, _ := g.enter(page, !lastChoice, "")
	g.close()
	at := func(after time.Duration) time.Time { return g.lastPage.Add(after) }
	check := func(when string, after time.Duration, want bool) {
		t.Helper()
		if got := g.quiet(at(after), delay); got != want {
			t.Errorf("%s, %v after the last page: quiet %v", when, after, got)
		}
	}
	check("with a page under way", delay, false)
	check("with an answer that never ends", delay+renderLimit-1, false)
	check("with an answer that never ends", delay+renderLimit, true)
	g.leave(before)
	check("closed", delay-1, false)
	check("closed", delay, true)

	closed := g.lastPage.Add(-time.Hour)
	g.lastPage = closed
	if refused, let := g.enter(page, !lastChoice, ""); let {
		t.Error("a page was let in")
	} else {
		g.leave(refused)
	}
	if click, let := g.enter(!page, !lastChoice, ""); !let {
		t.Error("a click was refused")
	} else {
		g.leave(click)
	}
	if g.lastPage != closed {
		t.Error("a request for something other than a page restarts the delay")
	}
	taken, _ := g.enter(page, lastChoice, "")
	if !g.lastPage.After(closed) {
		t.Error("a page that no other pod takes does not restart the delay")
	}
	check("with a page that no other pod takes", delay, false)
	g.leave(taken)
	check("after it", delay-1, false)
	check("after it", delay, true)
}
