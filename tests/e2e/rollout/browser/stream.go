package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

// Frames of the stream, by their first byte.
const (
	frameSync    = 0x00
	frameAction  = 0x01
	frameRoll    = 0x02
	frameSuspend = 0x03
	frameKill    = 0x04
	frameEnd     = 0xFF
)

var (
	errKilled    = errors.New("the pod ended the page")
	errSuspended = errors.New("the pod suspended the page")
	errBroken    = errors.New("the stream broke off")
)

// receive holds stream number `number` open. The next one begins when the roll is over, or when
// this one has ended before.
func (p *page) receive(number int) {
	p.mu.Lock()
	p.streams = max(p.streams, number)
	p.mu.Unlock()
	ctx, cancel := context.WithCancelCause(p.ctx)
	defer cancel(nil)
	var once sync.Once
	next := func(after time.Duration) {
		once.Do(func() {
			p.spawn(func() {
				if pause(p.ctx, after) {
					p.receive(number + 1)
				}
			})
		})
	}
	renew := time.AfterFunc(p.world.Roll, func() { next(0) })
	defer renew.Stop()
	limit := time.AfterFunc(p.world.Roll*4/3, func() { cancel(ledger.ErrStalled) })
	defer limit.Stop()

	open := p.browser.outcome(ledger.Stream, p.pod)
	spoke := false
	answer, err := p.browser.send(ctx, open, request{
		kind: ledger.Stream, method: http.MethodGet,
		path: fmt.Sprintf("%s/s/%s?t=%d&b=%s", p.prefix, p.instance, number, p.boot),
	})
	if err == nil {
		open.take(answer)
		if answer.StatusCode == http.StatusOK {
			spoke, err = p.frames(answer.Body)
		}
		_ = answer.Body.Close()
	}
	if err != nil && errors.Is(context.Cause(ctx), ledger.ErrStalled) {
		err = ledger.ErrStalled
	}
	outcome := open.ended(err)
	p.cover(number, covered{outcome.Begin, outcome.End, spoke, p.world.Ledger.Dropped(outcome)})
	switch {
	case errors.Is(err, errKilled) && p.moving.Load():
		return // the link or step back that caused it gets 410, and reloads
	case errors.Is(err, errKilled), errors.Is(err, errSuspended):
		if p.ctx.Err() == nil {
			p.world.Ledger.Lost(outcome)
			p.close(true)
		}
		return
	case p.judge(outcome):
		next(0)
	case p.ctx.Err() == nil:
		next(p.backoffs[0].wait(outcome.End.Sub(outcome.Begin)))
	}
}

// frames reads a stream to its end. spoke reports whether it had any data.
func (p *page) frames(body io.Reader) (spoke bool, err error) {
	reader := bufio.NewReader(body)
	for {
		kind, err := reader.ReadByte()
		if err != nil {
			return spoke, fmt.Errorf("%w: %w", errBroken, err)
		}
		spoke = true
		p.spoke.Store(true)
		p.alive()
		switch kind {
		case frameRoll:
		case frameEnd:
			return true, nil
		case frameKill:
			return true, errKilled
		case frameSuspend:
			return true, errSuspended
		case frameSync, frameAction:
			header, err := reader.ReadBytes(frameEnd)
			if err != nil {
				return true, fmt.Errorf("%w: %w", errBroken, err)
			}
			if kind == frameAction {
				if err := p.action(header[:len(header)-1]); err != nil {
					return true, err
				}
			}
		default:
			return true, fmt.Errorf("a frame of unknown kind %#02x", kind)
		}
	}
}

// action executes [seq,[name,args],null] once, and reports it each time.
func (p *page) action(header []byte) error {
	var parts [3]json.RawMessage
	var seq int
	var call [2]json.RawMessage
	var name string
	var arguments []any
	for _, step := range []struct {
		from *json.RawMessage
		to   any
	}{{(*json.RawMessage)(&header), &parts}, {&parts[0], &seq}, {&parts[1], &call}, {&call[0], &name}, {&call[1], &arguments}} {
		if err := json.Unmarshal(*step.from, step.to); err != nil {
			return fmt.Errorf("action %q: %w", header, err)
		}
	}
	p.mu.Lock()
	if seq > p.lastSeq {
		p.lastSeq = seq
		switch {
		case name == "set_text" && len(arguments) == 2 && arguments[0] == "clicks":
			p.shown, _ = arguments[1].(string)
		case name == "report_hook" && len(arguments) == 1:
			track, _ := arguments[0].(float64)
			if waits := p.waiting[int(track)]; waits != nil {
				close(waits)
				delete(p.waiting, int(track))
			}
		}
	}
	p.mu.Unlock()
	p.report(seq)
	return nil
}

// covered is a time span with a stream, if the stream had data.
type covered struct {
	begin, end time.Time
	spoke      bool
	dropped    bool // stock Caddy drops as many
}

// cover records the end of a stream. Between two streams that do not overlap, the page has none.
// They are compared in order, since two that end at the same time may be recorded in either order.
func (p *page) cover(number int, span covered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended[number] = span
	for {
		span, found := p.ended[p.nextEnd]
		if !found {
			return
		}
		delete(p.ended, p.nextEnd)
		p.nextEnd++
		if !span.spoke {
			p.dropped = p.dropped || span.dropped
			continue
		}
		if !p.covered.IsZero() && span.begin.After(p.covered) && !p.dropped {
			p.world.Ledger.Gap(p.pod, p.covered, span.begin)
		}
		p.dropped = false
		if span.end.After(p.covered) {
			p.covered = span.end
		}
	}
}

// shownClicks returns the number of clicks shown by the page.
func (p *page) shownClicks() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown == "" {
		return 0, nil
	}
	return strconv.Atoi(p.shown)
}
