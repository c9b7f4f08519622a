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

// ServeHTTP proxies the request, or answers it where no pod can.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	growStack(-1)
	serving, r, err := h.source.take(w, r)
	if err != nil {
		return err
	}
	defer h.end(serving)
	serving.next = next
	return h.obey(serving.shown.Announcing(w), r, serving)
}

// take gets the first step of a request, and makes it visible.
//
//go:noinline
func (s *Source) take(w http.ResponseWriter, r *http.Request) (*request, *http.Request, error) {
	s.sendElsewhere(w, r)
	serving := s.newRequest(r)
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, serving))
	knowBody(r)
	if err := serving.begin(r); err != nil {
		return nil, nil, caddyhttp.Error(http.StatusInternalServerError, fmt.Errorf("deciding where the request goes: %w", err))
	}
	serving.show(r.Context(), w.Header())
	return serving, r, nil
}

// obey does one step after the other, until the request has its answer. A page keeps the stack of its stream for as long as it is open, so nothing
// large stands in this frame, nor in that of ServeHTTP.
func (h *Handler) obey(w http.ResponseWriter, r *http.Request, serving *request) (err error) {
	err = errNoPod
	for {
		switch serving.step.Kind {
		case doors.StepDial, doors.StepChoose:
			serving.goesOn = false
			if err = h.proxyOf(serving).ServeHTTP(w, r, serving); err == nil || serving.taken {
				return err
			}
			serving.gaveUp()
		case doors.StepWait:
			serving.wait(r.Context())
		case doors.StepAnswer:
			return serving.answer(w, r, err)
		default:
			return err
		}
		if r.Context().Err() != nil {
			w.WriteHeader(499) // as Caddy does: for the log
			return nil
		}
	}
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
