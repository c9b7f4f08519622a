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

// verdict is the answer that a request gets here and not from a pod. The zero verdict means that a pod has the word.
type verdict struct {
	status     int // http.StatusGone or http.StatusServiceUnavailable
	retryAfter int // seconds, for http.StatusServiceUnavailable
	cause      *metrics.Cause

	// holds is set while the request may be held, since no pod is known that would take a page.
	holds bool

	// page is set for a page load that gets a page which says so and loads again by itself.
	page bool
}

// verdictOf turns what the library says into a status. 410 makes the page reload at once, onto a fresh pod; 503 makes it
// back off and try again.
func verdictOf(answer doors.Answer, cause *metrics.Cause) verdict {
	switch answer.Action {
	case doors.ActionGone:
		return verdict{status: http.StatusGone, cause: cause}
	case doors.ActionUnavailable:
		return verdict{status: http.StatusServiceUnavailable, retryAfter: answer.RetryAfter, cause: cause, holds: answer.NoPod}
	default:
		return verdict{}
	}
}

// causeOf is why a request gets an answer that has to reach one pod.
func causeOf(answer doors.Answer) *metrics.Cause {
	switch {
	case answer.NoPod:
		return metrics.NoPod
	case answer.Verdict == doors.VerdictGone:
		return metrics.PodGone
	case answer.Verdict == doors.VerdictUnreachable:
		return metrics.PodUnreachable
	default:
		return metrics.OwnFault
	}
}

// causeOfDrop is why a request gets an answer whose connection ended without one.
func causeOfDrop(answer doors.Answer) *metrics.Cause {
	if answer.NoPod || answer.Verdict == doors.VerdictGone {
		return causeOf(answer)
	}
	return metrics.PodDropped
}

// tryAgainLater is what a request gets about which the library has said nothing.
var tryAgainLater = doors.Answer{Action: doors.ActionUnavailable, RetryAfter: 1}

// unavailable is for requests that have to reach no particular pod.
func unavailable(cause *metrics.Cause) verdict {
	return verdict{status: http.StatusServiceUnavailable, retryAfter: 1, cause: cause}
}

func (v verdict) final() bool { return v.status != 0 }

// describe counts the answer and sets its header; it has no body yet.
func (v verdict) describe(header http.Header) {
	v.cause.Answered(v.status)
	// 410 may be stored by caches unless it says otherwise (RFC 9110 section 15.5.11).
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", "0")
	if v.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(v.retryAfter))
	}
	if v.page {
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Length", strconv.Itoa(len(v.body())))
	}
}

// body is the body of the answer, "" for none. It works without scripts, and under any Content-Security-Policy of the site: a browser that gets an empty 503
// shows its own error page, on which it stays.
func (v verdict) body() string {
	if !v.page {
		return ""
	}
	return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="` + strconv.Itoa(v.retryAfter) + `">
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

// answer writes the verdict itself. An error would go through handle_errors, which could turn it into something that
// the page does not understand.
func (v verdict) answer(w http.ResponseWriter, r *http.Request) {
	v.describe(w.Header())
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		// Without these two the server reads the rest of the body before it sends the answer, and a report stream
		// has no end until the page closes it.
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Connection", "close")
	}
	w.WriteHeader(v.status)
	_, _ = io.WriteString(w, v.body()) // a client that has gone by now misses nothing
}
