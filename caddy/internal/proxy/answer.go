// In: what a request gets that no pod can answer now.
// Out: the 410 or 503 on the wire, which no later handler can change.

package proxy

import (
	"io"
	"net/http"
	"strconv"

	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
)

// answer is what a request gets here and not from a pod.
type answer struct {
	routing.Step
	body string       // for a visitor, "" for none
	path routing.Path // what it is the answer to
}

func (q *request) answerOf(r *http.Request) (a answer) {
	a.Step, a.path = q.step, q.decision.Path
	if a.Page {
		a.body = show.Moment(r, a.RetryAfter)
	}
	return a
}

// describe counts the answer and sets its header.
func (a answer) describe(header http.Header) {
	metrics.Answered(a.Cause, a.Status, a.path)
	// 410 may be stored by caches unless it says otherwise (RFC 9110 section 15.5.11).
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(a.RetryAfter))
	}
	if a.body != "" {
		header.Set("Content-Type", "text/html; charset=utf-8")
	}
}

// write writes the answer. An error would go through handle_errors, which could turn it into something that
// the page does not understand.
func (a answer) write(w http.ResponseWriter, r *http.Request) {
	a.describe(w.Header())
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		// Without these two the server reads the rest of the body before it sends the answer, and a report stream
		// has no end until the page closes it.
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Connection", "close")
	}
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.body) // a client that has gone by now misses nothing
}
