// In: what a request gets that no pod can answer now.
// Out: the 410 or 503 on the wire, which no later handler can change.

package caddydoors

import (
	"net/http"
	"strconv"

	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
	"github.com/doors-dev/doors-caddy/go"
)

// verdict is the answer that a request gets here and not from a pod. The zero verdict means that a pod has the word.
type verdict struct {
	status     int // http.StatusGone or http.StatusServiceUnavailable
	retryAfter int // seconds, for http.StatusServiceUnavailable
	cause      *metrics.Cause
}

// verdictOf turns what the library says into a status. 410 makes the page reload at once, onto a fresh pod; 503 makes it
// back off and try again.
func verdictOf(answer doors.Answer, cause *metrics.Cause) verdict {
	switch answer.Action {
	case doors.ActionGone:
		return verdict{status: http.StatusGone, cause: cause}
	case doors.ActionUnavailable:
		return verdict{status: http.StatusServiceUnavailable, retryAfter: answer.RetryAfter, cause: cause}
	default:
		return verdict{}
	}
}

// causeOf is why a request gets an answer that has to reach one pod.
func causeOf(held doors.Verdict) *metrics.Cause {
	switch held {
	case doors.VerdictGone:
		return metrics.PodGone
	case doors.VerdictUnreachable:
		return metrics.PodUnreachable
	default:
		return metrics.OwnFault
	}
}

// unavailable is for faults that have nothing to do with a pod.
func unavailable(cause *metrics.Cause) verdict {
	return verdict{status: http.StatusServiceUnavailable, retryAfter: 1, cause: cause}
}

func (v verdict) final() bool { return v.status != 0 }

// describe counts the answer and sets its header; it has no body.
func (v verdict) describe(header http.Header) {
	v.cause.Answered(v.status)
	// 410 may be stored by caches unless it says otherwise (RFC 9110 section 15.5.11).
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", "0")
	if v.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(v.retryAfter))
	}
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
}
