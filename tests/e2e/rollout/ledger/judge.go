package ledger

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// Verdict is what a browser does after a request.
type Verdict int

// The verdicts.
const (
	Fine   Verdict = iota
	Again          // failed: back off and retry, or tell the user
	Reload         // the page is gone: load it again
)

// goneAfter is the default of the option gone_after: how long a pod is unreachable before its pages
// are told to reload. One second is subtracted, because the fault begins before the first failure.
const goneAfter = 10*time.Second - time.Second

// Judge counts a request of an open page. moving is set if a drain ends the page with this very
// request, as Doors does with links and history steps.
func (l *Ledger) Judge(o Outcome, moving bool) Verdict {
	row := l.row()
	row.Requests.Add(1)
	if o.good() {
		return Fine
	}
	fault, harmed := o.Pod.FaultDuring(o.Begin, o.End)
	keyless := l.keyless(o.Begin, o.End)
	switch {
	case o.Status == http.StatusGone && o.Err == nil:
		switch {
		case moving && o.Pod.IsDraining():
		case harmed && (fault.Kind == fleet.Killed || fault.Kind == fleet.Swallowed && fault.Age(o.End) >= goneAfter):
		case keyless:
			l.reloads(o.Kind)
		case o.Kind == Stream && o.Pod.EvictedDuring(o.Begin, o.End):
			row.Evicted.Add(1)
		default:
			l.lose(row, o)
		}
		return Reload
	case o.Status == http.StatusServiceUnavailable && o.RetryAfter && o.Err == nil:
		paced := o.Kind == Stream || o.Kind == Report || l.podless(o.Begin, o.End) || l.newKey(o.Begin)
		switch {
		case paced && (keyless || harmed && fault.Kind == fleet.Killed), harmed && fault.Kind == fleet.Swallowed:
			row.HeldBack.Add(1)
		case l.cut(o.Proxy, o.Begin, o.End):
			row.HeldBack.Add(1)
		case harmed && fault.InFlight(o.Begin):
			row.InFlight.Add(1)
		default:
			l.fail(row, o)
		}
	case harmed && (fault.Kind != fleet.Killed || fault.InFlight(o.Begin)):
		row.InFlight.Add(1)
	case l.Dropped(o):
		row.Dropped.Add(1)
	case o.Err != nil && l.cut(o.Proxy, o.Begin, o.End),
		errors.Is(o.Err, ErrStalled) && l.cut(netip.Addr{}, o.Begin, o.End): // the next one went there
		row.InFlight.Add(1)
	case (keyless || l.podless(o.Begin, o.End)) && errors.Is(o.Err, ErrStalled): // it, or the next one, was told to wait
		row.HeldBack.Add(1)
	default:
		l.fail(row, o)
	}
	return Again
}

// Load is a completed page load.
type Load struct {
	Outcome
	Own    *fleet.Life  // the pod of the browser's sticky cookie, or nil
	Again  bool         // the answer is a page that reloads itself
	Taking map[int]bool // upstreams that had a settled pod all the time
}

// JudgeLoad counts a page load. Outcome.Pod is the pod that served the page. It returns true if the
// visitor is stranded on an error page, which nothing excuses.
func (l *Ledger) JudgeLoad(o Load) (lost bool) {
	row := l.row()
	row.Requests.Add(1)
	cut := l.cut(o.Proxy, o.Begin, o.End)
	harmed := cut || l.harmedDuring(o.Begin, o.End) || l.podless(o.Begin, o.End)
	slowest := &row.SlowestPage
	if harmed {
		slowest = &row.SlowestFault
	}
	raise(slowest, o.End.Sub(o.Begin))
	if !o.good() {
		switch {
		case o.Again && (cut || l.podless(o.Begin, o.End)):
			row.HeldBack.Add(1)
		case o.Err != nil && cut:
			row.InFlight.Add(1)
		case (o.Again || o.Err != nil) && l.inFlight(o.Begin, o.End):
			row.InFlight.Add(1)
		case o.Again:
			l.fail(row, o.Outcome)
		case l.Dropped(o.Outcome):
			row.Dropped.Add(1)
		default:
			row.Stranded.Add(1)
			l.note("error page", o.Outcome)
			return true
		}
		return false
	}
	row.Sessions.Add(1)
	switch {
	case !o.Pod.Stale(o.Begin):
	case len(o.Taking) == 0:
		row.LastChoice.Add(1)
	default:
		row.Stale.Add(1)
		l.note("stale", o.Outcome)
	}
	// A replica that was cut off avoids the pods it could not reach for a while.
	if o.Own == nil || o.Own == o.Pod || l.keyless(o.Begin, o.End) || l.cut(o.Proxy, o.Begin.Add(-fleet.Avoided), o.End) {
		return false
	}
	if !o.Own.Settled(o.Begin, o.End) {
		if o.Own.Upstream == o.Pod.Upstream || !o.Taking[o.Own.Upstream] {
			return false
		}
	}
	row.WrongPod.Add(1)
	l.note("wrong pod, the cookie names "+o.Own.Name, o.Outcome)
	return false
}

// Dropped reports whether Caddy was closing the connection when a request came over it. Over
// HTTP/1.1, Go's server reads such a request and ignores it (net/http, conn.serve), whatever the
// handler, so stock Caddy drops as many. Over HTTP/2 the request crosses a GOAWAY, and browsers do
// not repeat a click.
func (l *Ledger) Dropped(o Outcome) bool {
	if o.Status != 0 || !l.closing(o.Begin, o.End) {
		return false
	}
	if o.Protocol == "HTTP/1.1" {
		return closedConnection(o.Err)
	}
	return (o.Kind == Hook || o.Kind == Link) && RefusedStream(o.Err)
}

// RefusedStream reports whether an HTTP/2 connection was being closed when a request came, so that
// the request was not handled (RFC 9113 section 6.8).
func RefusedStream(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "GOAWAY") || strings.Contains(err.Error(), "cannot rewind body"))
}

func closedConnection(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// Lost counts a page that ended although its pod was not harmed.
func (l *Ledger) Lost(o Outcome) {
	if _, harmed := o.Pod.FaultDuring(o.Begin, o.End); harmed || l.keyless(o.Begin, o.End) {
		return
	}
	l.lose(l.row(), o)
}

// WrongPod counts an answer from a pod that does not own the page.
func (l *Ledger) WrongPod(o Outcome) {
	l.row().WrongPod.Add(1)
	l.note("wrong pod", o)
}

// Gap counts a time without a stream.
func (l *Ledger) Gap(pod *fleet.Life, begin, end time.Time) {
	if _, harmed := pod.FaultDuring(begin, end); harmed || l.keyless(begin, end) || l.cut(netip.Addr{}, begin, end) {
		return
	}
	raise(&l.row().LongestGap, end.Sub(begin))
}

// Harmed counts a page that ended with its pod or because of the wrong key, and the time until its
// browser had another page.
func (l *Ledger) Harmed(pod *fleet.Life, lastGood, next time.Time) {
	_, harmed := pod.FaultDuring(lastGood, next)
	if !harmed && !l.keyless(lastGood, next) {
		return
	}
	row := l.row()
	row.Harmed.Add(1)
	raise(&row.HarmedGap, next.Sub(lastGood))
}

// Repeated counts a repeated request.
func (l *Ledger) Repeated() { l.row().Repeated.Add(1) }

func (l *Ledger) fail(row *Row, o Outcome) {
	row.Failed.Add(1)
	l.note("failed", o)
}

func (l *Ledger) lose(row *Row, o Outcome) {
	row.Lost.Add(1)
	l.note("lost", o)
}

// JudgeResource counts a request for a file of a dead pod that other pods of its upstream have.
func (l *Ledger) JudgeResource(o Outcome) {
	row := l.row()
	row.Requests.Add(1)
	switch {
	case o.good():
	case l.Dropped(o):
		row.Dropped.Add(1)
	default:
		l.fail(row, o)
	}
}
