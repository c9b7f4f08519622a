package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
)

// transport is Caddy's HTTP transport with dials and answers reported to a source. It embeds the
// original, so the proxy still finds all of its methods.
type transport struct {
	*reverseproxy.HTTPTransport
	source *Source
}

// newTransport wraps the HTTP transport of a handler. Any other transport is an error: FastCGI has
// no streams. HTTP/3 is an error too: it does not use the transport's dialers.
func newTransport(roundTripper http.RoundTripper, source *Source) (transport, error) {
	stock, ok := roundTripper.(*reverseproxy.HTTPTransport)
	if !ok {
		return transport{}, fmt.Errorf("transport: %s works only with the transport `http`, not %T", config.SourceName, roundTripper)
	}
	if slices.Contains(stock.Versions, "3") {
		return transport{}, fmt.Errorf("transport: versions: %s does not support HTTP/3 to pods, because a failed HTTP/3 connection does not tell whether the pod is gone; "+
			"write 1.1, 2 or h2c", config.SourceName)
	}
	stock.Transport.DialContext = watchDial(stock.Transport.DialContext, source)
	source.dial, source.closeIdle = stock.Transport.DialContext, stock.Transport.CloseIdleConnections
	source.viaProxy = sync.OnceValue(func() bool { return config.UsesForwardProxy(stock, source.loaded) })
	stock.Transport.DialTLSContext = watchDial(stock.Transport.DialTLSContext, source)
	return transport{stock, source}, nil
}

// The headers between a draining pod and Caddy, each a Boolean of RFC 9651. Clients can neither set
// nor see them.
const (
	markHeader       = "Doors-Draining"    // in answers
	lastChoiceHeader = "Doors-Last-Choice" // in requests
)

// headerTrue is the value of both headers if they are true.
var headerTrue = []string{"?1"}

// RoundTrip makes the round trip and reports the result. If a draining pod refuses a page load and
// no other pod can take it, the request goes to the same pod again.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	serving := t.source.requestOf(r.Context())
	if serving == nil {
		return t.HTTPTransport.RoundTrip(r)
	}
	body := watchBody(r)
	serving.watchInterim(r)
	for {
		delete(r.Header, lastChoiceHeader)
		if serving.step.LastChoice {
			r.Header[lastChoiceHeader] = headerTrue
		}
		response, err := t.HTTPTransport.RoundTrip(r)
		if cancelledByAnother(r, err) && body == nil && isGetOrHead(r) {
			response, err = t.HTTPTransport.RoundTrip(r)
		}
		if cancelledByAnother(r, err) {
			err = errCancelledByAnother
		}
		if err != nil {
			serving.failed(t.failure(serving, r, body, err))
			return nil, err
		}
		if serving.answered(response) {
			if serving.hasToken() {
				metrics.PodAnswered(response.StatusCode, serving.decision.Path)
			}
			return response, nil
		}
		_ = response.Body.Close()
		serving.taken = serving.staysWith(serving.lastDial().target)
		if !serving.taken {
			serving.mayRestart = true
			response.StatusCode, response.Body = refusedStatus, http.NoBody
			return response, nil
		}
	}
}

// watchInterim removes the mark from interim answers such as 103, which reach the client during the
// round trip.
func (q *request) watchInterim(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil { // the proxy loop's own, made for this attempt
		pass := trace.Got1xxResponse
		trace.Got1xxResponse = func(status int, header textproto.MIMEHeader) error {
			delete(header, markHeader)
			if q.source.underStockHandler {
				q.shown.SetDecisionHeader(http.Header(header))
			}
			return pass(status, header)
		}
	}
}

// failure returns the outcome of a failed round trip.
func (t transport) failure(serving *request, r *http.Request, body *watchedBody, err error) routing.Outcome {
	last := serving.lastDial()
	_, notReached := errors.AsType[reverseproxy.DialError](err)
	switch {
	case r.Context().Err() != nil:
		return routing.OutcomeCancelled
	case err == errCancelledByAnother, notReached && last.outcome == routing.OutcomeConnected: // connected, but for example TLS failed
		return routing.OutcomeOwnFault
	case notReached:
		return last.outcome
	case isDrop(err) && !body.failed() && !t.source.viaProxy():
		metrics.DialFailed(t.source.upstreams[last.Upstream].Label(), routing.OutcomeDropped)
		return routing.OutcomeDropped
	default:
		return routing.OutcomeCancelled
	}
}

// errCancelledByAnother replaces an error that Caddy would treat as if this client had given up.
var errCancelledByAnother = errors.New("the connection to the pod was closed when the client of an earlier request gave up")

// cancelledByAnother reports whether a request failed because the client of another one gave up.
// When an answer has no body, Go's HTTP/1 client reuses the connection before the request has its
// answer. If that request is cancelled at this very moment, the client closes the connection under
// the next request and gives it the same error (net/http, persistConn.roundTrip).
func cancelledByAnother(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() == nil
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// watchDial makes a dialer report to the request that caused the dial. Caddy's DialError hides its
// cause, so the errno comes from a trace. The trace is set around the dial and not for each
// request: most requests use an open connection, and adding a trace costs more than the decision.
// The report may come after the request has ended, since the transport goes on dialling.
func watchDial(dial dialFunc, source *Source) dialFunc {
	if dial == nil {
		return nil
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if serving := source.requestOf(ctx); serving != nil {
			pod := serving.lastDial().target
			ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
				ConnectDone: func(_, address string, err error) {
					if parsed, parseErr := netip.ParseAddrPort(address); parseErr == nil && parsed == pod.Pod {
						source.dialled(serving, pod, err)
					} else { // a forward proxy: says nothing about the pod
						serving.dialled(routing.OutcomeOwnFault, err)
					}
				},
			})
		}
		return dial(ctx, network, address)
	}
}

// isDrop reports whether a round trip failed because the connection ended before the first byte of
// an answer.
func isDrop(err error) bool {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno == syscall.EPIPE || slices.Contains(unreachable, errno)
	}
	// HTTP/1 reports the end of a connection as an error of the reader, as an error of the writer,
	// or as an error without a type. HTTP/2 returns io.ErrUnexpectedEOF as it is; HTTP/1 wraps it
	// if part of an answer came.
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "server closed idle connection") ||
		err == io.ErrUnexpectedEOF
}

// outcomeOf classifies the error of connect(2).
func outcomeOf(err error) routing.Outcome {
	errno, _ := errors.AsType[syscall.Errno](err)
	switch {
	case err == nil:
		return routing.OutcomeConnected
	case errors.Is(err, context.Canceled):
		return routing.OutcomeCancelled
	case errno == syscall.ECONNREFUSED:
		return routing.OutcomeRefused
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), slices.Contains(unreachable, errno):
		return routing.OutcomeUnreachable
	default: // EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EACCES, EPERM and other faults of this host
		return routing.OutcomeOwnFault
	}
}

// unreachable are the errors that mean that packets got no answer or were rejected.
var unreachable = []syscall.Errno{
	syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.ETIMEDOUT, syscall.ECONNRESET, syscall.ECONNABORTED,
}

// watchedBody is the body of a request. Go's HTTP/1 client reads once more after the announced
// length, to find out whether the body is longer. If the pod has begun its answer by then, Go's
// HTTP/1 server has closed the body. The client would take that for a failure and cut the answer.
type watchedBody struct {
	io.ReadCloser
	left   int64 // bytes; negative if unknown
	broken atomic.Bool
	closed atomic.Bool
}

// watchBody replaces a request's body with a watchedBody, or returns nil if there is none.
func watchBody(r *http.Request) *watchedBody {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	watched := &watchedBody{ReadCloser: r.Body, left: -1}
	if r.ContentLength > 0 {
		watched.left = r.ContentLength
	}
	r.Body = watched
	return watched
}

// detectBody finds out whether a GET or HEAD request has a body. HTTP/3 requests always have one of
// unknown length. Go's client can repeat a request without a body when a pod has just closed the
// connection.
func detectBody(r *http.Request) {
	if r.ProtoMajor < 3 || r.ContentLength >= 0 || r.Body == nil || !isGetOrHead(r) {
		return
	}
	var first [1]byte
	switch n, err := r.Body.Read(first[:]); {
	case n > 0:
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(first[:]), r.Body), r.Body}
	case err == io.EOF:
		r.Body, r.ContentLength = http.NoBody, 0
	}
}

// Read reads from the body. After the announced length it returns io.EOF even if the body was
// closed.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	if b.left == 0 && err == http.ErrBodyReadAfterClose {
		err = io.EOF
	}
	if err != nil && err != io.EOF && !b.closed.Load() {
		b.broken.Store(true)
	}
	return n, err
}

// Close closes the body.
func (b *watchedBody) Close() error {
	b.closed.Store(true)
	return b.ReadCloser.Close()
}

// failed reports whether the client did not send the whole body. It returns false for nil.
func (b *watchedBody) failed() bool { return b != nil && b.broken.Load() }

// isGetOrHead reports whether the method is GET or HEAD.
func isGetOrHead(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}
