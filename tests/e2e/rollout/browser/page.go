package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

// page is an open page, until the visitor leaves it or its pod is gone.
type page struct {
	browser *Browser
	world   *World
	pod     *fleet.Life

	prefix, instance, script, boot string

	ctx    context.Context // done when the page is closed or frozen
	cancel context.CancelFunc
	loaded time.Time

	spoke  atomic.Bool  // a frame has come on a stream
	moving atomic.Bool  // a request is under way with which a drain ends the page
	good   atomic.Int64 // when the pod last answered, in Unix nanoseconds
	told   bool         // closed because the pod is gone; read after live has returned
	looked time.Time    // when it last became visible; for the goroutine of Run

	backoffs [2]*backoff // of streams and reports; a successful hook resets both
	outbox   chan []byte // reports for the report stream; nil if there is none
	reports  atomic.Int64

	mu      sync.Mutex
	closed  bool
	work    sync.WaitGroup
	covered time.Time // end of the time with a stream
	dropped bool      // a stream has been dropped since
	ended   map[int]covered
	nextEnd int
	streams int // number of the last receiver stream
	lastSeq int
	shown   string // the number of clicks shown by the page
	waiting map[int]chan struct{}

	// The fields below are for the goroutine of live.
	track   int
	clicks  counted
	value   string
	failed  []string // values of failed calls: the pod may store them, even later
	visited int
}

var (
	scriptPattern = regexp.MustCompile(`<script src="([^"]+)" data-prefix="([^"]+)" data-instance="([^"]+)"`)
	namePattern   = regexp.MustCompile(`<dt>Name</dt><dd>([^<]+)</dd>`)
)

// failure says what happens to a visitor whose page load failed.
type failure struct {
	lost  bool          // the browser shows its error page, on which no script runs
	again time.Duration // else: how long until the page is loaded again
}

// refreshPattern matches a page that reloads itself after some seconds.
var refreshPattern = regexp.MustCompile(`(?i)<meta\s+http-equiv="?refresh"?\s+content="?(\d+)"?\s*/?>`)

// load opens a page and reports the outcome to the ledger. If it fails, it says what happens to the
// visitor.
func (b *Browser) load(ctx context.Context, path string) (*page, failure) {
	load := ledger.Load{Own: b.ownPod()}
	var body []byte
	load.Outcome, body = b.fetch(ctx, request{kind: ledger.PageLoad, method: http.MethodGet, path: path}, nil)
	if ctx.Err() != nil {
		return nil, failure{}
	}
	var opened *page
	var failed failure
	if load.Err == nil && load.Status == http.StatusOK {
		script, name := scriptPattern.FindSubmatch(body), namePattern.FindSubmatch(body)
		if script == nil || name == nil {
			load.Err = errNoPage
		} else if load.Pod = b.world.Fleet.Named(string(name[1])); load.Pod == nil {
			load.Err = fmt.Errorf("page of an unknown pod %q", name[1])
		} else {
			opened = b.open(load.Pod, string(script[1]), string(script[2]), string(script[3]))
		}
	} else if refresh := refreshPattern.FindSubmatch(body); load.Err == nil && load.HTML && refresh != nil {
		seconds, _ := strconv.Atoi(string(refresh[1]))
		load.Again, failed.again = true, time.Duration(seconds)*time.Second
	} else {
		failed.again = b.between(time.Second) // unless stranded, the visitor looks at the error and tries again
	}
	load.Taking = b.world.Fleet.Taking(load.Begin, load.End)
	failed.lost = b.world.Ledger.JudgeLoad(load)
	return opened, failed
}

// ownPod returns the pod of the sticky cookie.
func (b *Browser) ownPod() *fleet.Life {
	base, err := url.Parse(b.base)
	if err != nil {
		return nil
	}
	for _, cookie := range b.client.Jar.Cookies(base) {
		if cookie.Name == stickyCookie {
			return b.world.Fleet.WithToken(cookie.Value)
		}
	}
	return nil
}

func (b *Browser) open(pod *fleet.Life, script, prefix, instance string) *page {
	p := &page{
		browser: b, world: b.world, pod: pod, prefix: prefix, instance: instance, script: script,
		boot: fmt.Sprintf("%016x", b.random.Uint64()), waiting: map[int]chan struct{}{},
		backoffs: [2]*backoff{{}, {}}, loaded: time.Now(),
	}
	p.alive()
	if b.protocol == "HTTP/2" {
		p.outbox = make(chan []byte, 256)
	}
	return p
}

// live uses the page until the visitor leaves it, the pod is gone or ctx is done. It returns the
// path of the next page.
func (p *page) live(ctx context.Context) (next string) {
	p.pod.Pages.Add(1)
	p.begin(ctx)
	p.spawn(p.fetchScript)
	next = p.visit(ctx)
	p.close(false)
	p.work.Wait()
	if p.told && ctx.Err() == nil {
		p.fetchScriptAgain(ctx)
	}
	return next
}

// begin opens the streams after the page is loaded, and after it was frozen.
func (p *page) begin(ctx context.Context) {
	p.mu.Lock()
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.closed = false
	number := p.streams + 1
	p.ended, p.nextEnd, p.covered = map[int]covered{}, number, time.Time{}
	p.mu.Unlock()
	p.spawn(func() { p.receive(number) })
	if p.outbox != nil {
		p.spawn(func() { p.reportStream(number) })
	}
}

// spawn runs part of the page, unless the page is closed.
func (p *page) spawn(part func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.work.Add(1)
	go func() {
		defer p.work.Done()
		part()
	}()
}

// close ends the page. told is set if the reason is that its pod is gone.
func (p *page) close(told bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed, p.told = true, told
	p.pod.Pages.Add(-1)
	p.cancel()
}

// judge passes an outcome to the ledger and does what the verdict says. It returns whether all is
// well. Requests of a closed page do not count.
func (p *page) judge(outcome ledger.Outcome) (fine bool) {
	if p.ctx.Err() != nil {
		return false
	}
	switch p.world.Ledger.Judge(outcome, p.moving.Load()) {
	case ledger.Fine:
		p.alive()
		return true
	case ledger.Reload:
		p.close(true)
	}
	return false
}

func (p *page) alive()              { p.good.Store(time.Now().UnixNano()) }
func (p *page) lastGood() time.Time { return time.Unix(0, p.good.Load()) }

// missed returns since when the visitor has been without the ended page.
func (p *page) missed() time.Time {
	if p.looked.After(p.lastGood()) {
		return p.looked
	}
	return p.lastGood()
}

// fetch makes a request of this page and judges it.
func (p *page) fetch(wanted request) (outcome ledger.Outcome, body []byte, fine bool) {
	outcome, body = p.browser.fetch(p.ctx, wanted, p.pod)
	return outcome, body, p.judge(outcome)
}

func (p *page) fetchScript() {
	outcome, body := p.browser.fetch(p.ctx, request{kind: ledger.Resource, method: http.MethodGet, path: p.script}, p.pod)
	if outcome.Err == nil && outcome.Status == http.StatusOK && len(body) == 0 {
		outcome.Err = fmt.Errorf("an empty script")
	}
	// A page does not reload if a resource is gone, and does not miss a resource of a pod that
	// ended meanwhile.
	if p.ctx.Err() == nil && outcome.Status != http.StatusGone {
		p.judge(outcome)
	}
}

// fetchScriptAgain requests the script of a dead pod. Any pod of the upstream has it.
func (p *page) fetchScriptAgain(ctx context.Context) {
	if !p.pod.WasKilled() || !p.world.Fleet.HasWell(p.pod.Upstream) {
		return
	}
	outcome, _ := p.browser.fetch(ctx, request{kind: ledger.Resource, method: http.MethodGet, path: p.script}, p.pod)
	if ctx.Err() == nil && p.world.Fleet.HasWell(p.pod.Upstream) {
		p.world.Ledger.JudgeResource(outcome)
	}
}
