// In: what a request gets that no pod can answer now.
// Out: the 410 or 503 on the wire, which no later handler can change.

package proxy

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
)

// answer is what a request gets here and not from a pod.
type answer struct {
	doors.Step
	page bool       // a page that says so and loads again by itself
	path doors.Path // what it is the answer to
}

func (q *request) answerOf(step doors.Step, r *http.Request) answer {
	return answer{step, step.Page && acceptsHTML(r), q.decision.Path}
}

// describe counts the answer and sets its header; it has no body yet.
func (a answer) describe(header http.Header) {
	metrics.Answered(a.Cause, a.Status, a.path)
	// 410 may be stored by caches unless it says otherwise (RFC 9110 section 15.5.11).
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", "0")
	if a.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(a.RetryAfter))
	}
	if a.page {
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Length", strconv.Itoa(len(a.body())))
	}
}

// body is the body of the answer, "" for none. It works without scripts, and under any Content-Security-Policy of the site: a browser that gets an empty 503
// shows its own error page, on which it stays.
func (a answer) body() string {
	if !a.page {
		return ""
	}
	return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="` + strconv.Itoa(a.RetryAfter) + `">
<title>One moment, please</title>
<h1>One moment, please</h1>
<p>This page cannot be shown right now. It loads again by itself.</p>
`
}

// acceptsHTML tells whether the client says that it shows pages. One that takes anything, such as a script, has no use for this one.
func acceptsHTML(r *http.Request) bool {
	for _, accepted := range r.Header["Accept"] {
		for kind := range strings.SplitSeq(accepted, ",") {
			kind, parameters, _ := strings.Cut(kind, ";")
			if kind = strings.ToLower(strings.TrimSpace(kind)); kind == "text/html" || kind == "application/xhtml+xml" {
				return !isZero(parameters)
			}
		}
	}
	return false
}

// isZero tells whether the parameters of a media type in Accept rule it out (RFC 9110 section 12.4.2).
func isZero(parameters string) bool {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			return strings.Trim(strings.TrimSpace(value), "0.") == ""
		}
	}
	return false
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
	_, _ = io.WriteString(w, a.body()) // a client that has gone by now misses nothing
}
