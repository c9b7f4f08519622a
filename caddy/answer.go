// In: a verdict about a request that no pod can answer now.
// Out: the 410 or 503 on the wire, which no later handler can change.

package caddydoors

import "net/http"

// verdict is the status with which a request is answered here, or verdictNone where a pod has the word.
type verdict int

const (
	verdictNone verdict = 0

	// verdictGone tells the page that its pod is gone for good: it reloads at once, onto a fresh pod.
	verdictGone verdict = http.StatusGone

	// verdictUnavailable tells the page that its pod cannot be reached at the moment: it backs off and tries again.
	verdictUnavailable verdict = http.StatusServiceUnavailable
)

// describe sets the header of the answer, which has no body.
func (v verdict) describe(header http.Header) {
	// 410 may be stored by caches unless it says otherwise (RFC 9110 section 15.5.11).
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", "0")
	if v == verdictUnavailable {
		header.Set("Retry-After", "1")
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
	w.WriteHeader(int(v))
}
