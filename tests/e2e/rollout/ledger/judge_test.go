package ledger

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// counts are the numbers of a row that a verdict may change.
type counts struct{ lost, stranded, failed, wrongPod, stale, dropped, inFlight, heldBack, lastChoice, evicted int64 }

func (l *Ledger) counts() counts {
	row := l.row()
	return counts{
		row.Lost.Load(), row.Stranded.Load(), row.Failed.Load(), row.WrongPod.Load(), row.Stale.Load(),
		row.Dropped.Load(), row.InFlight.Load(), row.HeldBack.Load(),
		row.LastChoice.Load(), row.Evicted.Load(),
	}
}

func (c counts) minus(before counts) counts {
	return counts{
		c.lost - before.lost, c.stranded - before.stranded, c.failed - before.failed, c.wrongPod - before.wrongPod, c.stale - before.stale,
		c.dropped - before.dropped, c.inFlight - before.inFlight, c.heldBack - before.heldBack,
		c.lastChoice - before.lastChoice, c.evicted - before.evicted,
	}
}

// happenings harm a pod between "before" and "after".
var happenings = map[string]func(*fleet.Life){
	"well":     func(*fleet.Life) {},
	"draining": func(l *fleet.Life) { l.Draining() },
	"killed":   func(l *fleet.Life) { l.BeginFault(fleet.Killed); l.SureOfFault() },
	"stopped":  func(l *fleet.Life) { l.BeginFault(fleet.Stopped); l.SureOfFault() },
	"evicted":  func(l *fleet.Life) { l.BeginEviction(); l.SureOfEviction() },
	"hole":     func(l *fleet.Life) { l.BeginFault(fleet.Swallowed); l.SureOfFault() },
}

func TestJudge(t *testing.T) {
	const before, after = -time.Second, time.Second
	broken := io.ErrUnexpectedEOF
	for _, c := range []struct {
		pod     string
		kind    Kind
		begin   time.Duration
		lasted  time.Duration
		status  int
		err     error
		moving  bool
		verdict Verdict
		counts  counts
	}{
		{"well", Hook, after, 0, 200, nil, false, Fine, counts{}},
		{"well", Hook, after, 0, 410, nil, false, Reload, counts{lost: 1}},
		{"well", Link, after, 0, 410, nil, true, Reload, counts{lost: 1}},
		{"well", Stream, after, 0, 200, broken, false, Again, counts{failed: 1}},
		{"well", Hook, after, 0, 502, nil, false, Again, counts{failed: 1}},
		{"well", Stream, after, 0, 503, nil, false, Again, counts{failed: 1}},
		{"well", Report, after, 0, 404, nil, false, Again, counts{failed: 1}},
		{"draining", Link, after, 0, 410, nil, true, Reload, counts{}},
		{"draining", Hook, after, 0, 410, nil, false, Reload, counts{lost: 1}},
		{"draining", Stream, after, 0, 502, nil, false, Again, counts{failed: 1}},
		{"evicted", Stream, after, 0, 410, nil, false, Reload, counts{evicted: 1}},
		{"evicted", Hook, after, 0, 410, nil, false, Reload, counts{lost: 1}},
		{"evicted", Link, after, 0, 410, nil, true, Reload, counts{lost: 1}},
		{"evicted", Report, after, 0, 410, nil, false, Reload, counts{lost: 1}},
		{"evicted", Stream, after, 0, 503, nil, false, Again, counts{failed: 1}},
		{"killed", Stream, before, 2 * time.Second, 200, broken, false, Again, counts{inFlight: 1}},
		{"killed", Hook, before, 2 * time.Second, 502, nil, false, Again, counts{inFlight: 1}},
		{"killed", Stream, after, 0, 410, nil, false, Reload, counts{}},
		{"killed", Stream, after, 0, 503, nil, false, Again, counts{heldBack: 1}},
		{"killed", Hook, after, 0, 503, nil, false, Again, counts{failed: 1}}, // only /s/ is paced
		{"killed", Hook, after, 0, 502, nil, false, Again, counts{failed: 1}},
		{"stopped", Hook, after, 0, 410, nil, false, Reload, counts{lost: 1}},
		{"stopped", Stream, after, 0, 200, ErrStalled, false, Again, counts{inFlight: 1}},
		{"hole", Hook, after, 0, 503, nil, false, Again, counts{heldBack: 1}},
		{"hole", Stream, after, 0, 410, nil, false, Reload, counts{lost: 1}}, // before gone_after is over
		{"hole", Stream, after, 10 * time.Second, 410, nil, false, Reload, counts{}},
	} {
		l, pod := New("test"), &fleet.Life{Name: "a pod"}
		happenings[c.pod](pod)
		begin := time.Now().Add(c.begin)
		outcome := Outcome{
			Protocol: "HTTP/2", Kind: c.kind, Begin: begin, End: begin.Add(c.lasted), Status: c.status, Err: c.err,
			RetryAfter: c.status == http.StatusServiceUnavailable, Pod: pod,
		}
		if got := l.Judge(outcome, c.moving); got != c.verdict || l.counts() != c.counts {
			t.Errorf("%s pod, %v: verdict %d, want %d; %+v, want %+v", c.pod, outcome, got, c.verdict, l.counts(), c.counts)
		}
		if l.Faultless() != (c.counts.lost+c.counts.failed == 0) {
			t.Errorf("%s pod, %v: faultless %v", c.pod, outcome, l.Faultless())
		}
	}
}

func TestWithoutTheKey(t *testing.T) {
	l, pod := New("test"), &fleet.Life{}
	over := l.WrongKey()
	now := time.Now()
	answer := func(kind Kind, status int, at time.Time) Outcome {
		return Outcome{Kind: kind, Status: status, RetryAfter: status == 503, Begin: at, End: at, Pod: pod}
	}
	l.Judge(answer(Stream, 410, now), false)
	l.Judge(answer(Hook, 410, now), false)
	l.Judge(answer(Stream, 503, now), false)
	if want := (counts{heldBack: 1}); l.counts() != want || l.Reloads(Stream, Report) != 1 || l.Reloads(Hook) != 1 {
		t.Errorf("%+v, %d reloads of streams", l.counts(), l.Reloads(Stream, Report))
	}
	l.Judge(answer(Hook, 503, now), false)                    // no pod is known at first
	l.Judge(answer(Hook, 503, now.Add(2*time.Second)), false) // clicks are not paced
	over()
	l.Judge(answer(Stream, 410, time.Now().Add(time.Second)), false)
	if want := (counts{heldBack: 2, failed: 1, lost: 1}); l.counts() != want {
		t.Errorf("%+v", l.counts())
	}
}

func TestDropped(t *testing.T) {
	l, pod := New("test"), &fleet.Life{}
	over := l.Closing()
	now := time.Now()
	goAway := errors.New("http2: Transport: cannot retry err [http2: Transport received Server's graceful shutdown GOAWAY]")
	for _, c := range []struct {
		protocol string
		kind     Kind
		at       time.Time
		err      error
	}{
		{"HTTP/1.1", Hook, now, io.EOF}, // dropped
		{"HTTP/2", Hook, now, io.EOF},
		{"HTTP/1.1", Hook, now.Add(-time.Minute), io.EOF},
		{"HTTP/1.1", Hook, now, errors.New("timeout")},
		{"HTTP/2", Link, now, goAway}, // dropped
		{"HTTP/2", History, now, goAway},
		{"HTTP/2", Hook, now.Add(-time.Minute), goAway},
	} {
		l.Judge(Outcome{Protocol: c.protocol, Kind: c.kind, Begin: c.at, End: c.at, Err: c.err, Pod: pod}, false)
	}
	over()
	if want := (counts{dropped: 2, failed: 5}); l.counts() != want {
		t.Errorf("%+v", l.counts())
	}
}

func TestJudgeLoad(t *testing.T) {
	now := time.Now()
	// Pods of these upstreams take pages.
	load := func(own, from *fleet.Life, after time.Duration, taking ...int) Load {
		at := now.Add(after)
		made := Load{Outcome: Outcome{Kind: PageLoad, Status: 200, Begin: at, End: at, Pod: from}, Own: own, Taking: map[int]bool{}}
		for _, upstream := range taking {
			made.Taking[upstream] = true
		}
		return made
	}
	fresh := func(upstream int) *fleet.Life {
		life := &fleet.Life{Upstream: upstream}
		life.Listed(now.Add(-time.Minute))
		return life
	}
	own, other, elsewhere := fresh(0), fresh(0), fresh(1)
	old := fresh(0)
	old.Delisted(now)
	draining := fresh(0)
	draining.Draining()
	draining.Refuses()
	evicted := fresh(0)
	happenings["evicted"](evicted)
	killed := fresh(0)
	killed.BeginFault(fleet.Killed)
	killed.SureOfFault()
	for _, c := range []struct {
		name   string
		load   Load
		harmed *fleet.Life
		counts counts
	}{
		{"own pod", load(own, own, 0, 0), nil, counts{}},
		{"no cookie", load(nil, other, 0, 0), nil, counts{}},
		{"another pod although the own one is fresh", load(own, other, 0, 0), nil, counts{wrongPod: 1}},
		{"another upstream although the own pod is fresh", load(own, elsewhere, 0, 0, 1), nil, counts{wrongPod: 1}},
		{"the own pod is old", load(old, other, 0, 0), nil, counts{}},
		{"the own pod is old, another upstream", load(old, elsewhere, 0, 0, 1), nil, counts{wrongPod: 1}},
		{"the own pod drains, another one", load(draining, other, time.Second, 0), nil, counts{}},
		{"the own pod drains, another upstream", load(draining, elsewhere, time.Second, 0, 1), nil, counts{wrongPod: 1}},
		{"the own pod drains, another upstream since the own one has no other pod", load(draining, elsewhere, time.Second, 1), nil, counts{}},
		{"an old pod, at once", load(nil, old, time.Second, 0), nil, counts{}},
		{"an old pod, later", load(nil, old, 3*time.Second, 0), nil, counts{stale: 1}},
		{"a pod that drains, on its way", load(nil, draining, -time.Second, 0), nil, counts{}},
		{"a pod that drains", load(nil, draining, time.Second, 0), nil, counts{stale: 1}},
		{"a pod that drains, though another upstream takes pages", load(draining, draining, time.Second, 1), nil, counts{stale: 1}},
		{"a pod that is evicted", load(nil, evicted, time.Second, 0), nil, counts{stale: 1}},
		{"the own pod is evicted", load(evicted, other, time.Second, 0), nil, counts{}},
		{"a pod that drains, since there is no other", load(draining, draining, time.Second), nil, counts{lastChoice: 1}},
		{"the own pod is killed", load(killed, elsewhere, time.Second), killed, counts{}},
		{"502 while a pod is killed", Load{Outcome: Outcome{Status: 502, Begin: now.Add(-time.Second), End: now.Add(time.Second)}}, killed, counts{stranded: 1}},
		{"a page that loads again, then", Load{Outcome: Outcome{Status: 503, Begin: now.Add(-time.Second), End: now.Add(time.Second)}, Again: true}, killed, counts{inFlight: 1}},
		{"a page that breaks off, then", Load{Outcome: Outcome{Status: 200, Err: io.ErrUnexpectedEOF, Begin: now.Add(-time.Second), End: now.Add(time.Second)}}, killed, counts{inFlight: 1}},
		{"502 later", Load{Outcome: Outcome{Status: 502, Begin: now.Add(time.Second), End: now.Add(time.Second)}}, killed, counts{stranded: 1}},
		{"502", Load{Outcome: Outcome{Status: 502, Begin: now, End: now}}, nil, counts{stranded: 1}},
		{"a page that loads again by itself", Load{Outcome: Outcome{Status: 503, Begin: now, End: now}, Again: true}, nil, counts{failed: 1}},
	} {
		l := New("test")
		if c.harmed != nil {
			l.Harm(c.harmed)
		}
		if lost := l.JudgeLoad(c.load); l.counts() != c.counts || lost != (c.counts.stranded > 0) {
			t.Errorf("%s: %+v, want %+v", c.name, l.counts(), c.counts)
		}
	}
}

// A replica that is cut off excuses failures on the way through it, and telling pages to wait. It
// does not excuse reloads.
func TestCut(t *testing.T) {
	victim, other := netip.MustParseAddr("10.0.1.1"), netip.MustParseAddr("10.0.1.2")
	l, pod := New("test"), &fleet.Life{}
	pod.Listed(time.Now().Add(-time.Minute))
	over := l.Cut(victim)
	now := time.Now()
	through := func(proxy netip.Addr, kind Kind, status int, err error) Outcome {
		return Outcome{Proxy: proxy, Kind: kind, Status: status, RetryAfter: status == 503, Err: err, Begin: now, End: now, Pod: pod}
	}
	timeout := errors.New("timeout")
	for _, c := range []struct {
		outcome Outcome
		counts  counts
	}{
		{through(victim, Hook, 0, timeout), counts{inFlight: 1}},
		{through(other, Hook, 0, timeout), counts{failed: 1}},
		{through(other, Stream, 200, ErrStalled), counts{inFlight: 1}}, // the next one may have gone to the other replica
		{through(victim, Hook, 503, nil), counts{heldBack: 1}},
		{through(other, Hook, 503, nil), counts{failed: 1}},
		{through(victim, Hook, 502, nil), counts{failed: 1}},
		{through(victim, Stream, 410, nil), counts{lost: 1}},
	} {
		before := l.counts()
		l.Judge(c.outcome, false)
		if got := l.counts().minus(before); got != c.counts {
			t.Errorf("%v through %v: %+v, want %+v", c.outcome, c.outcome.Proxy, got, c.counts)
		}
	}
	before := l.counts()
	l.JudgeLoad(Load{Outcome: through(victim, PageLoad, 503, nil), Again: true})
	l.JudgeLoad(Load{Outcome: through(victim, PageLoad, 0, timeout)})
	l.JudgeLoad(Load{Outcome: through(victim, PageLoad, 200, nil), Own: &fleet.Life{}})
	l.JudgeLoad(Load{Outcome: through(other, PageLoad, 503, nil), Again: true})
	l.Gap(pod, now, now.Add(time.Second))
	if got, want := l.counts().minus(before), (counts{heldBack: 1, inFlight: 1, failed: 1}); got != want || l.row().LongestGap.Load() != 0 {
		t.Errorf("%+v, want %+v", got, want)
	}
	over()
	now = time.Now().Add(time.Second)
	before = l.counts()
	l.Judge(through(victim, Hook, 0, timeout), false)
	l.Gap(pod, now, now.Add(time.Second))
	if got, want := l.counts().minus(before), (counts{failed: 1}); got != want || l.row().LongestGap.Load() == 0 {
		t.Errorf("afterwards: %+v, want %+v", got, want)
	}
}

// While there is no pod, pages wait and page loads are repeated. A visitor on an error page is
// stranded even then.
func TestWithoutAPod(t *testing.T) {
	l, killed := New("test"), &fleet.Life{}
	happenings["killed"](killed)
	over := l.NoPod()
	now := time.Now().Add(time.Second)
	wait := Outcome{Kind: Hook, Status: 503, RetryAfter: true, Begin: now, End: now, Pod: killed}
	page := Load{Outcome: Outcome{Kind: PageLoad, Status: 503, RetryAfter: true, Begin: now, End: now}, Again: true}
	bare := page
	bare.Again = false
	l.Judge(wait, false)
	held := Outcome{Kind: Stream, Err: ErrStalled, Begin: now, End: now, Pod: killed}
	l.Judge(held, false)
	if l.JudgeLoad(page) || !l.JudgeLoad(bare) {
		t.Error("a visitor must be lost exactly if the page does not reload itself")
	}
	if want := (counts{stranded: 1, heldBack: 3}); l.counts() != want || l.Faultless() {
		t.Errorf("%+v", l.counts())
	}
	over()
	later := time.Now().Add(time.Minute)
	for _, o := range []*Outcome{&wait, &held, &page.Outcome} {
		o.Begin, o.End = later, later
	}
	l.Judge(wait, false)
	l.Judge(held, false)
	l.JudgeLoad(page)
	if want := (counts{stranded: 1, heldBack: 3, failed: 3}); l.counts() != want {
		t.Errorf("%+v", l.counts())
	}
}

// A dead pod delays page loads only while it is in DNS.
func TestSlowestPage(t *testing.T) {
	l, killed, now := New("test"), &fleet.Life{}, time.Now()
	killed.Listed(now)
	killed.BeginFault(fleet.Killed)
	killed.Delisted(now.Add(time.Second))
	l.Harm(killed)
	for _, after := range []time.Duration{2 * time.Second, time.Minute} {
		begin := now.Add(after)
		l.JudgeLoad(Load{Outcome: Outcome{Kind: PageLoad, Status: 200, Begin: begin, End: begin.Add(after), Pod: &fleet.Life{}}})
	}
	if fault, other := l.row().SlowestFault.Load(), l.row().SlowestPage.Load(); fault != int64(2*time.Second) || other != int64(time.Minute) {
		t.Error(time.Duration(fault), time.Duration(other))
	}
}

func TestGap(t *testing.T) {
	l, now := New("test"), time.Now()
	killed := &fleet.Life{}
	killed.BeginFault(fleet.Killed)
	l.Gap(killed, now, now.Add(time.Second))
	if !l.Faultless() {
		t.Error("the gap of a killed pod's page counts")
	}
	l.Gap(&fleet.Life{}, now, now.Add(time.Second))
	if l.Faultless() || l.row().LongestGap.Load() != int64(time.Second) {
		t.Error("a gap does not count")
	}
}

func TestNotesHoldNoToken(t *testing.T) {
	l := New("test")
	l.Judge(Outcome{Kind: Hook, Status: 0, Err: errors.New(`Post "http://localhost/~/SECRET_TOKEN/h/1": EOF`), Pod: &fleet.Life{}}, false)
	if notes := strings.Join(l.Notes(), "\n"); strings.Contains(notes, "SECRET") || !strings.Contains(notes, "EOF") {
		t.Error(notes)
	}
}
