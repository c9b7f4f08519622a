package browser

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

const long = time.Hour

// An error page ends a visit. A page that reloads itself does not.
func TestPageThatFails(t *testing.T) {
	s := newSite(t, long)
	const again = `<!doctype html><meta http-equiv="refresh" content="2"><p>One moment`
	for _, c := range []struct {
		status int
		body   string
		want   failure
	}{
		{502, "", failure{lost: true}},
		{503, "", failure{lost: true}},
		{503, "<p>sorry", failure{lost: true}},
		{503, again, failure{again: 2 * time.Second}},
		{502, again, failure{again: 2 * time.Second}},
	} {
		s.status(c.status, c.body)
		opened, failed := s.load(t.Context(), "/")
		if failed.lost {
			failed.again = 0
		}
		if opened != nil || failed != c.want {
			t.Errorf("%d %q: %+v, want %+v", c.status, c.body, failed, c.want)
		}
	}
	if s.ledger.Stranded() != 3 {
		t.Errorf("%d visitors are lost", s.ledger.Stranded())
	}
}

// A failed link leaves the page as it was. Only 410 leads to the target.
func TestLinkReverts(t *testing.T) {
	s := newSite(t, long)
	p := s.opened(t)
	for _, status := range []int{502, 503, 404} {
		s.status(status, "")
		if target, followed := p.link(); followed || p.visited != 0 || p.ctx.Err() != nil {
			t.Errorf("%d: followed %v to %s, %d links followed, page closed: %v", status, followed, target, p.visited, p.ctx.Err())
		}
	}
	s.answer.Store(nil)
	if target, followed := p.link(); !followed || target != "/page/1" || p.path() != "/page/1" {
		t.Errorf("followed %v to %s", followed, target)
	}
	s.status(http.StatusGone, "")
	if target, followed := p.link(); followed || target != "/page/2" || p.ctx.Err() == nil || !p.told {
		t.Errorf("410: followed %v to %s, told %v", followed, target, p.told)
	}
}

// A failed step back reloads the page, whatever the status.
func TestBackReloads(t *testing.T) {
	s := newSite(t, long)
	p := s.opened(t)
	if p.back() {
		t.Error("reloads after 200")
	}
	for _, status := range []int{502, 503, 404} {
		if s.status(status, ""); !p.back() {
			t.Errorf("%d: does not reload", status)
		}
	}
}

// A page from the back-forward cache is the same script with the next stream, and has kept its
// state.
func TestFrozenPage(t *testing.T) {
	s := newSite(t, long)
	p := s.opened(t)
	p.click()
	p.freeze(t.Context())
	if next := s.sees(t, "GET", "/s/"+p.instance); !strings.Contains(next, "?t=2&b="+p.boot) {
		t.Errorf("goes on with %s", next)
	}
	p.click()
	if p.clicks.number != 2 || !s.ledger.Faultless() {
		t.Errorf("%d clicks; %v", p.clicks.number, s.ledger.Notes())
	}
}

// The wait after a stream that Caddy dropped is not a gap. Any other time without a stream is.
func TestGaps(t *testing.T) {
	for _, dropped := range []bool{false, true} {
		s := newSite(t, long)
		p := s.opened(t)
		p.mu.Lock()
		p.nextEnd = 101
		p.mu.Unlock()
		at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
		p.cover(101, covered{at(1), at(2), true, false})
		p.cover(102, covered{at(2), at(2), false, dropped})
		p.cover(103, covered{at(5), at(6), true, false})
		if s.ledger.Faultless() != dropped {
			t.Errorf("dropped: %v; faultless: %v", dropped, !dropped)
		}
	}
}

// A hidden page that is told to reload does so when it becomes visible.
func TestHiddenPage(t *testing.T) {
	s := newSite(t, long)
	p := s.opened(t)
	p.close(true)
	told := time.Now()
	p.hide(t.Context())
	if least := told.Add(s.world.Stay / 4); p.looked.Before(least) || p.missed() != p.looked {
		t.Errorf("reloads after %v", p.looked.Sub(told))
	}
}

// The client gives up a report stream if its answer does not come at the end of the roll.
func TestReportStreamIsGivenUp(t *testing.T) {
	s := newSite(t, 300*time.Millisecond)
	p := s.opened(t)
	p.outbox = make(chan []byte, 1)
	hold := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s.answer.Store(&hold)
	p.spawn(func() { p.reportStream(7) })
	harness.Eventually(t, "the report stream is given up", func() bool {
		return slices.ContainsFunc(s.ledger.Notes(), func(note string) bool {
			return strings.Contains(note, ", report of ") && strings.Contains(note, ledger.ErrStalled.Error())
		})
	})
}

// Over HTTP/2, net/http repeats a request that crossed a GOAWAY if it can recreate the body.
// Browsers do not.
func TestClicksAreNotSentAgain(t *testing.T) {
	b := &Browser{protocol: "HTTP/2", world: &World{}}
	made, err := b.request(t.Context(), request{kind: ledger.Hook, method: http.MethodPost, path: "/", body: []byte("{}")})
	if err != nil || made.GetBody != nil || made.Header["Idempotency-Key"] != nil {
		t.Errorf("%v %v", made, err)
	}
}
