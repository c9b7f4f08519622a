package proxy

import (
	"cmp"
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
	"github.com/doors-dev/doors-caddy/routing"
)

// ServeHTTP proxies the request, or answers it if no pod can. It is the only frame of ours beneath
// the proxy loop: an open page keeps the stack of its stream, so that must be small.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.source == nil {
		return h.Handler.ServeHTTP(w, r, next)
	}
	growStack(-1)
	q, w, err := h.source.take(w, r)
	if err != nil {
		return err
	}
	defer q.end()
	for loop := h.obey(q, w, r); loop != nil; loop = h.obey(q, w, r) {
		if !q.loopEnded(w, loop.ServeHTTP(w, r, next)) {
			break
		}
	}
	return q.result
}

// take begins a request. It returns the writer for the answer.
//
//go:noinline
func (s *Source) take(w http.ResponseWriter, r *http.Request) (*request, http.ResponseWriter, error) {
	s.disconnectRetired(w, r)
	detectBody(r)
	q, err := s.begin(r, w.Header())
	if err != nil {
		return nil, nil, err
	}
	return q, q.shown.WithDecisionHeader(w), nil
}

// obey carries out steps until one says to try a pod, and returns the handler whose proxy loop tries
// it. It returns nil when the request is over.
//
//go:noinline
func (h *Handler) obey(q *request, w http.ResponseWriter, r *http.Request) *reverseproxy.Handler {
	for {
		switch q.step.Kind {
		case routing.StepDial, routing.StepChoose:
			q.mayRestart = false
			if q.hasToken() {
				return h.pods
			}
			return &h.Handler
		case routing.StepWait:
			if q.wait(); q.clientLeft(w) {
				return nil
			}
		case routing.StepAnswer:
			q.result = q.answer(w, r, q.result)
			return nil
		default:
			return nil
		}
	}
}

// loopEnded handles the result of the proxy loop. It reports whether the request continues.
func (q *request) loopEnded(w http.ResponseWriter, err error) bool {
	q.result = err
	if err == nil || q.taken {
		return false
	}
	q.gaveUp()
	return !q.clientLeft(w)
}

// clientLeft reports whether the client has closed the request. If so it sets status 499, as Caddy
// does.
func (q *request) clientLeft(w http.ResponseWriter) bool {
	if q.ctx.Err() == nil {
		return false
	}
	w.WriteHeader(499)
	q.result = nil
	return true
}

// errNoPod is the error of a request for which no pod was tried.
var errNoPod = errors.New("no pod can take the request")

// answer answers a request that no pod can answer. If the request has no token and an error route
// of the user matches, it returns an error for that route.
func (q *request) answer(w http.ResponseWriter, r *http.Request, failure error) error {
	q.shown.SetDecisionHeader(w.Header())
	if q.step.Cause == routing.CauseOwnFault && !errors.Is(failure, errCancelledByAnother) {
		q.source.process.faults.Log(q.source.logger, cmp.Or(q.lastDial().fault, failure), q.source.process.Now())
	}
	if !q.hasToken() {
		unavailable := caddyhttp.Error(http.StatusServiceUnavailable, failure)
		unavailable.StatusCode = http.StatusServiceUnavailable // even if the failure has a status of its own
		if config.HandlesErrors(r, unavailable) {
			return unavailable
		}
		// Do not return the error: Caddy would log it for each request, and the fault of the host
		// or pod is logged already.
	}
	q.answerOf(r).write(w, r)
	return nil
}

// goAwayWait is how long net/http gets to close client connections itself after a reload.
const goAwayWait = time.Second

// disconnectRetired makes clients leave a replaced configuration or an exiting process. A server that
// shuts down sends GOAWAY only on HTTP/2 connections that are already set up. One whose handshake
// ends later would keep the old configuration, with the old key, in use for as long as it is busy.
func (s *Source) disconnectRetired(w http.ResponseWriter, r *http.Request) {
	retired := time.Duration(s.retired.Load())
	leftBehind := retired != 0 && s.process.Now()-retired > goAwayWait
	if (leftBehind || caddy.Exiting()) && r.ProtoMajor < 3 { // HTTP/3 has no such header field
		w.Header().Set("Connection", "close")
	}
}

// begin gets the first step of a request, and adds the request to its own context and the decision
// to the header of the answer. The library gets the bytes that the pod would parse: the escaped
// path and the Cookie header.
func (s *Source) begin(r *http.Request, answer http.Header) (*request, error) {
	q := &request{ctx: r.Context(), source: s, result: errNoPod}
	cookies := strings.Join(r.Header["Cookie"], "; ") // HTTP/2 and HTTP/3 clients may send several fields (RFC 9113 section 8.2.3)
	incoming := routing.Incoming{Method: routing.MethodOf(r.Method), HasBody: r.ContentLength != 0, Path: r.URL.EscapedPath(), Cookies: cookies}
	step, decision, err := s.core.Begin(&q.flow, incoming, s.process.Now(), rand.Uint64())
	if err != nil {
		return nil, caddyhttp.Error(http.StatusInternalServerError, fmt.Errorf("deciding where the request goes: %w", err))
	}
	q.decision = decision
	metrics.Decided(decision)
	s.keys.Opened(decision)
	q.setStep(step, nil)
	q.show(answer)
	*r = *r.WithContext(q.inContext()) // in place: the server keeps the original request, and would keep two
	return q, nil
}
