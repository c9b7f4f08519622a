// In: a request.
// Out: the decision about it, taken once, and the one of three places to which it leads.

package caddydoors

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/go"
)

// ServeHTTP proxies the request, or answers 410 where no pod can answer it any more.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.source == nil {
		return h.Handler.ServeHTTP(w, r, next)
	}
	decision, err := h.source.decide(r)
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, fmt.Errorf("deciding where the request goes: %w", err))
	}
	if verdict := verdictOn(decision); verdict != verdictNone {
		verdict.answer(w, r)
		return nil
	}
	serving := &request{decision: decision}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{h.source}, serving))
	if decision.Kind == doors.Pod {
		return h.servePod(w, r, next, serving)
	}
	return h.Handler.ServeHTTP(w, r, next)
}

// decide hands the library the bytes that the pod would parse: the escaped path and the Cookie header.
func (s *Source) decide(r *http.Request) (doors.Decision, error) {
	return s.router.Decide(r.URL.EscapedPath(), cookieHeader(r.Header))
}

// cookieHeader is the request's Cookie header. HTTP/2 and HTTP/3 clients may send several (RFC 9113 section 8.2.3).
func cookieHeader(header http.Header) string {
	switch fields := header["Cookie"]; len(fields) {
	case 0:
		return ""
	case 1:
		return fields[0]
	default:
		return strings.Join(fields, "; ")
	}
}

// servePod proxies to the one pod that owns the page.
func (h *Handler) servePod(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, serving *request) error {
	err := h.pods.ServeHTTP(w, r, next)
	if err == nil {
		return nil
	}
	if verdict := h.source.verdictAfter(serving); verdict != verdictNone {
		verdict.answer(w, r)
		return nil
	}
	return err
}

// verdictOn says what is known about a request before any dial.
func verdictOn(decision doors.Decision) verdict {
	if decision.Kind == doors.Gone {
		return verdictGone
	}
	return verdictNone
}

// verdictAfter says what the failure of a request means: something only if it was a dial of the page's own pod.
func (s *Source) verdictAfter(serving *request) verdict {
	if serving.decision.Kind != doors.Pod {
		return verdictNone
	}
	switch serving.outcome(s.podOf(serving.decision).address) {
	case dialRefused:
		return verdictGone
	case dialUnreachable, dialOwnFault:
		return verdictUnavailable
	default:
		return verdictNone
	}
}
