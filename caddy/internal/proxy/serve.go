// In: a request.
// Out: the decision about it, taken once, and the place where it leads: a pod, fresh pods, or an answer of our own.

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

// ServeHTTP proxies the request, or answers it where no pod can. A page keeps the stack of its stream for as long as it is open: this is the only frame
// beneath the proxy loop.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.source == nil {
		return h.Handler.ServeHTTP(w, r, next)
	}
	growStack(-1)
	q, w, err := h.source.take(w, r)
	if err != nil {
		return err
	}
	defer q.leave()
	for loop := h.obey(q, w, r); loop != nil; loop = h.obey(q, w, r) {
		if !q.tried(w, loop.ServeHTTP(w, r, next)) {
			break
		}
	}
	return q.result
}

// take begins a request that has come to our handler. It returns what the answer is to be written to.
//
//go:noinline
func (s *Source) take(w http.ResponseWriter, r *http.Request) (*request, http.ResponseWriter, error) {
	s.sendElsewhere(w, r)
	knowBody(r)
	q, err := s.begin(r, w.Header())
	if err != nil {
		return nil, nil, err
	}
	return q, q.shown.Announcing(w), nil
}

// obey does one step after the other, until a pod is to be tried: then it returns whose proxy loop does that. It returns nil when the request is over.
//
//go:noinline
func (h *Handler) obey(q *request, w http.ResponseWriter, r *http.Request) *reverseproxy.Handler {
	for {
		switch q.step.Kind {
		case routing.StepDial, routing.StepChoose:
			q.goesOn = false
			if q.ofPage() {
				return h.pods
			}
			return &h.Handler
		case routing.StepWait:
			if q.wait(); q.hasLeft(w) {
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

// tried takes note of how the proxy loop has ended, and tells whether the request goes on.
func (q *request) tried(w http.ResponseWriter, err error) bool {
	q.result = err
	if err == nil || q.taken {
		return false
	}
	q.gaveUp()
	return !q.hasLeft(w)
}

// hasLeft tells whether the client has, and says so in the log as Caddy does.
func (q *request) hasLeft(w http.ResponseWriter) bool {
	if q.ctx.Err() == nil {
		return false
	}
	w.WriteHeader(499)
	q.result = nil
	return true
}

// errNoPod is why a request is answered for which no pod was tried.
var errNoPod = errors.New("no pod can take the request")

// answer answers a request that no pod can answer. Where the user has error routes for a request that belongs to no pod, these do it.
func (q *request) answer(w http.ResponseWriter, r *http.Request, failure error) error {
	q.shown.Announce(w.Header())
	if q.step.Cause == routing.CauseOwnFault && !errors.Is(failure, errCancelledByAnother) {
		q.source.process.faults.Log(q.source.logger, cmp.Or(q.lastDial().fault, failure), q.source.process.Now())
	}
	if !q.ofPage() {
		unavailable := caddyhttp.Error(http.StatusServiceUnavailable, failure)
		unavailable.StatusCode = http.StatusServiceUnavailable // also where the failure has a status
		if config.HandlesErrors(r, unavailable) {
			return unavailable
		}
		// Caddy would log an error for each request, and a line about the host or the pod has been logged already.
	}
	q.answerOf(r).write(w, r)
	return nil
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

// begin gets the first step of a request, and makes it visible in the request's context and in the header of the answer. The library gets the bytes that
// the pod would parse: the escaped path and the Cookie header.
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
	q.took(step, nil)
	q.show(answer)
	*r = *r.WithContext(q.inContext()) // in place: what is beneath us keeps the request, and would keep two
	return q, nil
}
