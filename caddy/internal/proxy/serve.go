// In: a request.
// Out: the decision about it, taken once, and the place where it leads: a pod, fresh pods, or an answer of our own.

package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// ServeHTTP proxies the request, or answers it where no pod can. A page keeps the stack of its stream for as long as it is open, so the request holds
// what it needs, and this is the only frame beneath the proxy loop.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	growStack(-1)
	q, err := h.source.take(w, r, next)
	if err != nil {
		return err
	}
	defer h.end(q)
	for loop := h.obey(q); loop != nil; loop = h.obey(q) {
		if !q.tried(loop.ServeHTTP(q.w, q.r, q)) {
			break
		}
	}
	return q.result
}

// take gets the first step of a request, and makes it visible.
//
//go:noinline
func (s *Source) take(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) (*request, error) {
	s.sendElsewhere(w, r)
	q := s.newRequest(r)
	q.r, q.next, q.result = r.WithContext(context.WithValue(r.Context(), requestKey{}, q)), next, errNoPod
	knowBody(q.r)
	if err := q.begin(q.r); err != nil {
		return nil, caddyhttp.Error(http.StatusInternalServerError, fmt.Errorf("deciding where the request goes: %w", err))
	}
	q.show(q.r.Context(), w.Header())
	q.w = q.shown.Announcing(w)
	return q, nil
}

// obey does one step after the other, until a pod is to be tried: then it returns whose proxy loop does that. It returns nil when the request is over.
//
//go:noinline
func (h *Handler) obey(q *request) *reverseproxy.Handler {
	for {
		switch q.step.Kind {
		case doors.StepDial, doors.StepChoose:
			q.goesOn = false
			return h.proxyOf(q)
		case doors.StepWait:
			if q.wait(q.r.Context()); q.hasLeft() {
				return nil
			}
		case doors.StepAnswer:
			q.result = q.answer(q.w, q.r, q.result)
			return nil
		default:
			return nil
		}
	}
}

// tried takes note of how the proxy loop has ended, and tells whether the request goes on.
func (q *request) tried(err error) bool {
	q.result = err
	if err == nil || q.taken {
		return false
	}
	q.gaveUp()
	return !q.hasLeft()
}

// hasLeft tells whether the client has, and says so in the log as Caddy does.
func (q *request) hasLeft() bool {
	if q.r.Context().Err() == nil {
		return false
	}
	q.w.WriteHeader(499)
	q.result = nil
	return true
}

// errNoPod is why a request is answered for which no pod was tried.
var errNoPod = errors.New("no pod can take the request")

// proxyOf is the handler that proxies a request.
func (h *Handler) proxyOf(serving *request) *reverseproxy.Handler {
	if serving.ofPage() {
		return h.pods
	}
	return h.Handler
}

// answer answers a request that no pod can answer. Where the user has error routes for a request that belongs to no pod, these do it.
func (q *request) answer(w http.ResponseWriter, r *http.Request, failure error) error {
	step := q.step
	q.cause = step.Cause
	q.shown.Announce(w.Header())
	if step.Cause == doors.CauseOwnFault && !errors.Is(failure, errCancelledByAnother) {
		q.source.process.faults.Log(q.source.logger, cmp.Or(q.lastDial().fault, failure), q.source.process.Now())
	}
	if !q.ofPage() {
		if failure = unavailableError(failure); config.HandlesErrors(r, failure) {
			return failure
		}
		// Caddy would log an error for each request, and a line about the host or the pod has been logged already.
	}
	own := q.answerOf(step, r)
	own.write(w, r)
	return nil
}

// end takes note that the request has ended.
func (h *Handler) end(serving *request) {
	serving.leave()
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

func (s *Source) newRequest(r *http.Request) *request {
	outer, _ := r.Context().Value(requestKey{}).(*request)
	return &request{source: s, outer: outer}
}

// begin asks the library. It gets the bytes that the pod would parse: the escaped path and the Cookie header.
func (q *request) begin(r *http.Request) error {
	incoming := doors.Incoming{Method: doors.MethodOf(r.Method), HasBody: r.ContentLength != 0, Path: r.URL.EscapedPath(), Cookies: cookieHeader(r.Header)}
	step, decision, err := q.source.core.Begin(&q.flow, incoming, q.source.process.Now(), rand.Uint64())
	if err != nil {
		return err
	}
	q.decision = decision
	metrics.Decided(decision)
	q.source.keys.Opened(decision)
	q.took(step, nil)
	return nil
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
