package browser

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

var errEarly = errors.New("the report stream was answered before it had ended")

// report reports an action as done: on a streamed body over HTTP/2, with a short POST over
// HTTP/1.1. If a report gets lost, the pod asks for it again.
func (p *page) report(seq int) {
	number := p.reports.Add(1)
	message := fmt.Appendf(nil, `[%d,%d,{"%d":[true,null]},[]]`, number, time.Now().UnixMilli(), seq)
	if p.outbox != nil {
		select {
		case p.outbox <- message:
		default: // the stream is in back-off
		}
		return
	}
	p.spawn(func() {
		p.fetch(request{
			kind: ledger.Report, method: http.MethodPost, body: message, contentType: "application/json;charset=UTF-8",
			path: p.reportPath(int(number)),
		})
	})
}

func (p *page) reportPath(number int) string {
	return fmt.Sprintf("%s/s/%s?t=%d&b=%s", p.prefix, p.instance, number, p.boot)
}

// reportStream holds report stream number `number` open for a roll, and opens the next one before
// it ends.
func (p *page) reportStream(number int) {
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	reader, writer := io.Pipe()
	defer writer.Close()
	// A writer must not wait for a request that is no longer made.
	defer context.AfterFunc(ctx, func() { _ = reader.CloseWithError(context.Canceled) })()
	answered := make(chan ledger.Outcome, 1)
	open := p.browser.outcome(ledger.Report, p.pod)
	p.spawn(func() {
		answer, err := p.browser.send(ctx, open, request{
			kind: ledger.Report, method: http.MethodPost, contentType: "application/octet-stream", stream: reader,
			path: p.reportPath(number),
		})
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			open.take(answer)
		}
		outcome := open.ended(err)
		_ = reader.CloseWithError(errEarly) // for a goroutine that still writes
		answered <- outcome
	})
	next := func() { p.reportStream(number + 1) }
	roll := time.NewTimer(p.world.Roll)
	defer roll.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case message := <-p.outbox:
			framed := append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...)
			_, _ = writer.Write(framed) // fails only when the answer has come: see below
		case <-roll.C:
			p.spawn(next)
			_ = writer.Close()
			select {
			case outcome := <-answered:
				p.judge(outcome)
			case <-time.After(p.world.Roll / 3):
				p.judge(open.ended(ledger.ErrStalled))
			case <-p.ctx.Done():
			}
			return
		case outcome := <-answered:
			if ledger.RefusedStream(outcome.Err) { // not read by anybody: send it again
				p.world.Ledger.Repeated()
				p.spawn(next)
				return
			}
			if outcome.Err == nil && outcome.Status == http.StatusOK {
				outcome.Err = errEarly
			}
			p.judge(outcome)
			if pause(p.ctx, p.backoffs[1].wait(outcome.End.Sub(outcome.Begin))) {
				p.spawn(next)
			}
			return
		}
	}
}
