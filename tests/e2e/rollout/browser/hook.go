package browser

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

// counted is a number that the pod counts. A failed call may have been counted, or may be counted
// later: packets of a closed connection can still arrive.
type counted struct {
	number int
	failed int // failed calls that have not been counted yet
}

// longer is how many times longer some visitors stay on a page: through several releases.
const longer = 5

// visit makes random actions and returns the path of the next page. ctx is that of the whole visit.
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

// hook calls a hook of the page. It waits for both answers: the status, and the report on the
// stream.
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

// keep stores a value on the pod, and checks the previous one.
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

// path returns the path in the address bar.
func (p *page) path() string { return fmt.Sprintf("/page/%d", p.visited) }

// link follows a link of the app. On a draining pod this ends the page: the address bar has the
// target already, and the target is loaded. After any other failure the previous address is
// restored and the page stays.
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

// back steps back in the browser's history. A draining pod answers it like a link. After any status
// but 200 the page must be loaded again.
func (p *page) back() (reload bool) {
	p.moving.Store(true)
	defer p.moving.Store(false)
	_, _, fine := p.fetch(request{
		kind: ledger.History, method: http.MethodGet, path: fmt.Sprintf("%s/u/%s%s", p.prefix, p.instance, p.path()),
	})
	return !fine && p.ctx.Err() == nil
}

// hide hides the page for a while. Streams continue. If the page is told to reload meanwhile, it
// does so when it is visible again.
func (p *page) hide(ctx context.Context) {
	pause(ctx, p.browser.between(p.world.Stay/2))
	p.looked = time.Now()
}

// freeze leaves for another site and comes back: the page is in the browser's back-forward cache,
// without a connection, and then continues as the same script.
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
