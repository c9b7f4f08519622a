// In: a request.
// Out: the decision about it, taken once, and the place where it leads: a pod, fresh pods, or an answer of our own.

package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
)

// ServeHTTP proxies the request, or answers it where no pod can.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	growStack(-1)
	h.source.sendElsewhere(w, r)
	serving, err := h.source.begin(r)
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, fmt.Errorf("deciding where the request goes: %w", err))
	}
	defer h.end(serving)
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, serving))
	knowBody(r)
	serving.show(r.Context(), w.Header())
	return h.obey(serving.shown.Announcing(w), r, next, serving)
}

// obey does one step after the other, until the request has its answer.
func (h *Handler) obey(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, serving *request) (err error) {
	for step := serving.first(r); ; {
		switch step.action {
		case dial:
			if err = h.proxyOf(serving).ServeHTTP(w, r, next); err == nil {
				return nil
			}
			step = serving.after(r, err)
		case wait:
			step = serving.waited(r, step.verdict)
		case answer:
			return serving.answer(w, r, step.verdict, err)
		case giveUp:
			w.WriteHeader(499) // as Caddy does: for the log
			return nil
		case done:
			return err
		}
	}
}

// proxyOf is the handler that proxies a request.
func (h *Handler) proxyOf(serving *request) *reverseproxy.Handler {
	switch {
	case serving.anyPod:
		return h.anyPod
	case serving.ofPage():
		return h.pods
	default:
		return h.Handler
	}
}

// answer answers a request that no pod can answer. Where the user has error routes for a request that belongs to no pod, these do it.
func (q *request) answer(w http.ResponseWriter, r *http.Request, verdict verdict, failure error) error {
	q.cause = verdict.cause
	q.shown.Announce(w.Header())
	if !q.ofPage() || q.anyPod {
		if failure = unavailableError(failure); config.HandlesErrors(r, failure) {
			return failure
		}
		// Caddy would log an error for each request, and a line about the host or the pod has been logged already.
		verdict.page = q.mayWait(r) && acceptsHTML(r)
	}
	verdict.answer(w, r)
	return nil
}

// end takes note that the request has ended.
func (h *Handler) end(serving *request) {
	h.source.leave(serving)
	if h.source.retired.Load() != 0 {
		h.CloseIdleConnections() // that of this request is idle now, and Cleanup has been
	}
}

// goodbye is how long net/http has to send clients away by itself when a configuration is replaced.
const goodbye = time.Second

// sendElsewhere makes clients leave a configuration that another one has replaced, and a process that is exiting. When a server
// begins to shut down, net/http says goodbye on those HTTP/2 connections only that are set up by then. One whose handshake
// ends later would go on using the old configuration, with the old key, and keep the process for as long as it is busy.
func (s *Source) sendElsewhere(w http.ResponseWriter, r *http.Request) {
	retired := time.Duration(s.retired.Load())
	leftBehind := retired != 0 && s.process.Now()-retired > goodbye
	if (leftBehind || caddy.Exiting()) && r.ProtoMajor < 3 { // HTTP/3 has no such field
		w.Header().Set("Connection", "close")
	}
}

// begin asks the library for the decision. It gets the bytes that the pod would parse: the escaped path and the Cookie header.
func (s *Source) begin(r *http.Request) (*request, error) {
	decision, err := s.loaded.Router.Decide(r.URL.EscapedPath(), cookieHeader(r.Header))
	if err != nil {
		return nil, err
	}
	metrics.Decided(decision)
	s.keys.Opened(decision)
	outer, _ := r.Context().Value(requestKey{}).(*request)
	serving := &request{source: s, decision: decision, outer: outer, stream: isStream(r, decision)}
	if decision.Kind == doors.Pod {
		serving.pod[0] = s.upstreams[decision.Upstream].podAt(decision.Addr)
	}
	return serving, nil
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

// unavailableError is an error of the proxy loop with the status 503.
func unavailableError(err error) error {
	if failure, ok := errors.AsType[caddyhttp.HandlerError](err); ok {
		failure.StatusCode = http.StatusServiceUnavailable
		return failure
	}
	return caddyhttp.Error(http.StatusServiceUnavailable, err)
}
