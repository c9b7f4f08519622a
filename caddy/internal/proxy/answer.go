package proxy

import (
	"io"
	"net/http"
	"strconv"

	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
)

// answer is a 410 or 503 that Caddy writes itself, in place of a pod.
type answer struct {
	routing.Step
	body string       // for a visitor; may be empty
	path routing.Path // of the request
}

func (q *request) answerOf(r *http.Request) (a answer) {
	a.Step, a.path = q.step, q.decision.Path
	if a.Page {
		a.body = show.WaitPage(r, a.RetryAfter)
	}
	return a
}

// describe counts the answer and sets its header.
func (a answer) describe(header http.Header) {
	metrics.Answered(a.Cause, a.Status, a.path)
	// Caches may store 410 by default (RFC 9110 section 15.5.11).
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(a.RetryAfter))
	}
	if a.body != "" {
		header.Set("Content-Type", "text/html; charset=utf-8")
	}
}

// write writes the answer. It does not return an error instead: handle_errors could turn that into
// an answer that the page does not understand.
func (a answer) write(w http.ResponseWriter, r *http.Request) {
	a.describe(w.Header())
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		// Without these the server first reads the rest of the body, and a report stream has no end
		// until the page closes it.
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Connection", "close")
	}
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.body) // if the client is gone, nothing is lost
}
