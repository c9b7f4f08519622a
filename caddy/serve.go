// In: a request.
// Out: the decision about it, taken once, and the place where it leads: a pod, fresh pods, or an answer of our own.

package caddydoors

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
	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
	"github.com/doors-dev/doors-caddy/go"
)

// ServeHTTP proxies the request, or answers it where no pod can.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.source == nil {
		return h.Handler.ServeHTTP(w, r, next)
	}
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
	if h.source.DecisionHeader != "" {
		w = &announcer{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, serving: serving}
	}
	if kind := serving.decision.Kind; kind != doors.Pod && kind != doors.Gone {
		return h.serveFresh(&h.Handler, w, r, next, serving)
	}
	return h.servePage(w, r, next, serving)
}

// end takes note that the request has ended.
func (h *Handler) end(serving *request) {
	h.source.leave(serving)
	if h.source.retired.Load() != 0 {
		h.closeIdleConnections() // that of this request is idle now, and Cleanup has been
	}
}

// goodbye is how long net/http has to send clients away by itself when a configuration is replaced.
const goodbye = time.Second

// sendElsewhere makes clients leave a configuration that another one has replaced, and a process that is exiting. When a server
// begins to shut down, net/http says goodbye on those HTTP/2 connections only that are set up by then. One whose handshake
// ends later would go on using the old configuration, with the old key, and keep the process for as long as it is busy.
func (s *Source) sendElsewhere(w http.ResponseWriter, r *http.Request) {
	retired := time.Duration(s.retired.Load())
	leftBehind := retired != 0 && s.shared.now()-retired > goodbye
	if (leftBehind || caddy.Exiting()) && r.ProtoMajor < 3 { // HTTP/3 has no such field
		w.Header().Set("Connection", "close")
	}
}

// begin asks the library for the decision. It gets the bytes that the pod would parse: the escaped path and the Cookie header.
func (s *Source) begin(r *http.Request) (*request, error) {
	decision, err := s.router.Decide(r.URL.EscapedPath(), cookieHeader(r.Header))
	if err != nil {
		return nil, err
	}
	metrics.Decided(decision)
	s.keys.Opened(decision)
	outer, _ := r.Context().Value(requestKey{}).(*request)
	serving := &request{source: s, decision: decision, outer: outer, stream: isStream(r, decision)}
	if decision.Kind == doors.Pod {
		serving.pod[0] = s.servers[decision.Upstream].podAt(decision.Addr)
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

// servePage proxies a request with a token to the one pod that owns the page, or answers it. While the page has nothing to reload onto,
// its receiver stream is held.
func (h *Handler) servePage(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, serving *request) error {
	for {
		verdict := h.source.verdictBefore(serving)
		if !verdict.final() {
			err := h.pods.ServeHTTP(w, r, next)
			if err == nil {
				return nil
			}
			if verdict = h.source.verdictAfter(serving, err); !verdict.final() {
				return err
			}
		}
		if !verdict.holds || !serving.isReceiver(r) {
			return h.settle(w, r, next, serving, verdict)
		}
		if _, again := h.source.waitForPod(r.Context(), serving); again {
			serving.tryAgain()
			continue
		}
		if r.Context().Err() != nil {
			clientGone(w)
			return nil
		}
		return h.settle(w, r, next, serving, verdict)
	}
}

// settle answers the request, unless it asks for a resource of a pod that is gone or drops connections: any pod of the server has it.
func (h *Handler) settle(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, serving *request, verdict verdict) error {
	serving.cause = verdict.cause
	serving.announce(w.Header())
	elsewhere := verdict.status == http.StatusGone || serving.attempt == podDropped && r.ContentLength == 0
	if elsewhere && serving.decision.Kind == doors.Pod && serving.decision.Path == doors.PathResource && reads(r) {
		serving.anyPod, serving.attempt = true, noAttempt
		return h.serveFresh(h.anyPod, w, r, next, serving)
	}
	verdict.answer(w, r)
	return nil
}

// serveFresh proxies to fresh pods, one after the other until one can be reached. A page load that none can take waits for one.
func (h *Handler) serveFresh(proxy *reverseproxy.Handler, w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, serving *request) error {
	for {
		err := proxy.ServeHTTP(w, r, next)
		if err == nil {
			return nil
		}
		verdict := h.source.verdictOfLoad(serving, err, serving.anyPod || serving.mayWait(r))
		if !verdict.final() {
			return err
		}
		if verdict.holds && serving.mayWait(r) {
			answer, again := h.source.waitForPod(r.Context(), serving)
			if again {
				serving.tryAgain()
				continue
			}
			if r.Context().Err() != nil {
				clientGone(w)
				return nil
			}
			verdict.retryAfter = answer.RetryAfter
		}
		serving.cause = verdict.cause
		serving.announce(w.Header())
		if err = unavailableError(err); handlesErrors(r, err) {
			return err
		}
		// Caddy would log an error for each request, and a line about the host or the pod has been logged already.
		verdict.page = serving.mayWait(r) && acceptsHTML(r)
		verdict.answer(w, r)
		return nil
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
