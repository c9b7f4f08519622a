package browser

// In:  the whims of a visitor.
// Out: hook calls, links and steps back, each checked against what the page's pod must know.

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

// counted is a number that the pod counts. A call that failed may have been counted, or may be counted later: the packets of a
// connection that was closed can still arrive.
type counted struct {
	number int
	failed int // calls that failed and have not been counted yet
}

// longer is how many times longer some visitors look at one page: through several releases.
const longer = 5

// visit does one thing after the other and returns the path of the next page. ctx is the whole visit's.
func (p *page) visit(ctx context.Context) (next string) {
	stay := p.browser.between(p.world.Stay)
	if p.browser.stays {
		stay *= longer
	}
	leave := time.Now().Add(stay)
	for pause(p.ctx, p.browser.between(p.world.Think)) {
		if time.Now().After(leave) {
			target, followed := p.link()
			if p.ctx.Err() != nil || followed && p.browser.random.IntN(2) == 0 {
				return target
			}
			leave = time.Now().Add(stay)
			continue
		}
		switch p.browser.random.IntN(12) {
		case 0, 1, 2:
			p.keep()
		case 3:
			if !p.browser.stays && p.back() {
				p.close(true)
				return p.path()
			}
		case 4:
			p.hide(ctx)
		case 5:
			p.freeze(ctx)
		default:
			p.click()
		}
	}
	return p.path()
}

// hook calls a hook of the page and waits for both answers: the status, and the report on the stream.
func (p *page) hook(kind ledger.Kind, number string) (ledger.Outcome, bool) {
	p.track++
	reported := make(chan struct{})
	p.mu.Lock()
	p.waiting[p.track] = reported
	p.mu.Unlock()
	outcome, _, fine := p.fetch(request{
		kind: kind, method: http.MethodPost, body: []byte("{}"), contentType: "application/json;charset=UTF-8",
		path: fmt.Sprintf("%s/h/%s/%s?t=%d", p.prefix, p.instance, number, p.track),
	})
	if !fine {
		return outcome, false
	}
	timer := time.NewTimer(requestTimeout)
	defer timer.Stop()
	select {
	case <-reported:
		p.backoffs[0].reset()
		p.backoffs[1].reset()
		return outcome, true
	case <-timer.C:
		outcome.Err, outcome.End = fmt.Errorf("the stream did not say in %v that the hook was called", requestTimeout), time.Now()
		p.judge(outcome)
	case <-p.ctx.Done():
	}
	return outcome, false
}

// click counts a click on the pod.
func (p *page) click() {
	outcome, fine := p.hook(ledger.Hook, pod.HookClick)
	if !fine {
		p.clicks.failed++
		return
	}
	shown, err := p.shownClicks()
	p.clicks.number++
	late := shown - p.clicks.number
	if err == nil && (late < 0 || late > p.clicks.failed) {
		err = fmt.Errorf("the pod has counted %d clicks, the visitor %d, and %d that failed", shown, p.clicks.number, p.clicks.failed)
	}
	if err != nil {
		outcome.Err = err
		p.world.Ledger.Lost(outcome)
	}
	p.clicks = counted{number: shown, failed: max(0, p.clicks.failed-late)}
}

// keep lets the pod keep a value, and checks the one before.
func (p *page) keep() {
	p.track++
	value := fmt.Sprintf("%s-%d", p.boot, p.track)
	outcome, body, fine := p.fetch(request{
		kind: ledger.Hook, method: http.MethodPost, body: []byte(value), contentType: "text/plain",
		path: fmt.Sprintf("%s/h/%s/%s?t=%d", p.prefix, p.instance, fleet.HookState, p.track),
	})
	if !fine {
		p.failed = append(p.failed, value)
		return
	}
	before := p.value
	p.value = value
	var state fleet.State
	switch err := json.Unmarshal(body, &state); {
	case err != nil:
		outcome.Err = err
		p.world.Ledger.Lost(outcome)
	case state.Pod != p.pod.Name:
		outcome.Err = fmt.Errorf("answered by %s", state.Pod)
		p.world.Ledger.WrongPod(outcome)
	case state.Before != before && !slices.Contains(p.failed, state.Before):
		outcome.Err = fmt.Errorf("the pod had kept %q instead of %q", state.Before, before)
		p.world.Ledger.Lost(outcome)
	}
}

// path is what the address bar shows.
func (p *page) path() string { return fmt.Sprintf("/page/%d", p.visited) }

// link follows a link of the app. A draining pod ends the page by it: then the address is the target's already, and that is
// loaded. After any other failure the address is the one before again, and the page stays.
func (p *page) link() (target string, followed bool) {
	p.visited++
	target = p.path()
	p.moving.Store(true)
	defer p.moving.Store(false)
	if _, followed = p.hook(ledger.Link, pod.HookLink); !followed {
		p.visited--
	}
	return target, followed
}

// back steps back in the browser's history, which a draining pod answers like a link. Whatever the answer is but 200, the page
// is to be loaded anew.
func (p *page) back() (reload bool) {
	p.moving.Store(true)
	defer p.moving.Store(false)
	_, _, fine := p.fetch(request{
		kind: ledger.History, method: http.MethodGet, path: fmt.Sprintf("%s/u/%s%s", p.prefix, p.instance, p.path()),
	})
	return !fine && p.ctx.Err() == nil
}

// hide is a look at something else, for a while. Streams go on; a page that is told to reload meanwhile does so when it is looked
// at again.
func (p *page) hide(ctx context.Context) {
	pause(ctx, p.browser.between(p.world.Stay/2))
	p.looked = time.Now()
}

// freeze is a step to another site and back again: the page stands still in the browser's back-forward cache, without
// a connection, and then goes on as the same script.
func (p *page) freeze(ctx context.Context) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	p.cancel()
	p.mu.Unlock()
	p.work.Wait()
	pause(ctx, p.browser.between(p.world.Stay/2))
	p.looked = time.Now()
	p.begin(ctx)
}
