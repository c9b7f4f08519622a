// In: a round trip or a dial for a request.
// Out: the same, reported to the source.

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

// transport is Caddy's HTTP transport, watched. It keeps all the methods by which the proxy asks for what it can do.
type transport struct {
	*reverseproxy.HTTPTransport
	source *Source
}

// newTransport watches the HTTP transport of a handler. It is an error for any other: FastCGI has no streams. HTTP/3 has a transport of
// its own inside of it, which uses none of its dialers.
func newTransport(roundTripper http.RoundTripper, source *Source) (transport, error) {
	stock, ok := roundTripper.(*reverseproxy.HTTPTransport)
	if !ok {
		return transport{}, fmt.Errorf("transport: %s needs the transport `http`, not %T", config.SourceName, roundTripper)
	}
	if slices.Contains(stock.Versions, "3") {
		return transport{}, fmt.Errorf("transport: versions: %s cannot use HTTP/3 to pods, since it would not learn that a pod is gone; "+
			"write 1.1, 2 or h2c", config.SourceName)
	}
	stock.Transport.DialContext = watchDial(stock.Transport.DialContext, source)
	source.dial, source.closeIdle = stock.Transport.DialContext, stock.Transport.CloseIdleConnections
	source.viaProxy = sync.OnceValue(func() bool { return config.UsesForwardProxy(stock, source.loaded) })
	stock.Transport.DialTLSContext = watchDial(stock.Transport.DialTLSContext, source)
	return transport{stock, source}, nil
}

// The two headers between a pod that drains and Caddy, each a Boolean of RFC 9651. Clients can neither set nor see them.
const (
	markHeader       = "Doors-Draining"    // of answers
	lastChoiceHeader = "Doors-Last-Choice" // of requests
)

// isSet is their only value that says something.
var isSet = []string{"?1"}

// RoundTrip makes the round trip and reports how it ended. A page load that the pod refuses, since it drains, is sent there again if there is no other pod.
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
			r.Header[lastChoiceHeader] = isSet
		}
		response, err := t.HTTPTransport.RoundTrip(r)
		if cancelledByAnother(r, err) && body == nil && reads(r) {
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
			if serving.ofPage() {
				metrics.PodAnswered(response.StatusCode, serving.decision.Path)
			}
			return response, nil
		}
		_ = response.Body.Close()
		serving.taken = serving.staysWith(serving.lastDial().target)
		if !serving.taken {
			serving.goesOn = true
			response.StatusCode, response.Body = refusedStatus, http.NoBody
			return response, nil
		}
	}
}

// watchInterim makes interim answers such as 103 those that the client may see. They reach it from within the round trip.
func (q *request) watchInterim(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil { // the proxy loop's own, made for this attempt
		pass := trace.Got1xxResponse
		trace.Got1xxResponse = func(status int, header textproto.MIMEHeader) error {
			delete(header, markHeader)
			if q.source.underStockHandler {
				q.shown.Announce(http.Header(header))
			}
			return pass(status, header)
		}
	}
}

// failure is what became of an attempt whose round trip failed.
func (t transport) failure(serving *request, r *http.Request, body *watchedBody, err error) routing.Outcome {
	last := serving.lastDial()
	_, notReached := errors.AsType[reverseproxy.DialError](err)
	switch {
	case r.Context().Err() != nil:
		return routing.OutcomeCancelled
	case err == errCancelledByAnother, notReached && last.outcome == routing.OutcomeConnected: // and then TLS has failed, say
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

// errCancelledByAnother takes the place of an error that Caddy would answer as if this client had given up.
var errCancelledByAnother = errors.New("the connection to the pod was closed when the client of an earlier request gave up")

// cancelledByAnother tells whether a request failed because the client of another one gave up. When an answer has no body, Go's HTTP/1 client hands
// its connection on before the request is told; if that is cancelled at this very moment, it closes the connection under the next request,
// which gets the error of the cancelled one (net/http, persistConn.roundTrip).
func cancelledByAnother(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() == nil
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// watchDial makes a dialer report to the request that caused the dial. Caddy's DialError hides its cause, so the errno is
// taken from the dialer's own trace. It is set here, around the dial, and not for each request: most requests find
// an open connection, and composing traces costs more than the rest of a decision. The report may come after the
// request has ended, by a dial that the transport went on with.
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
					} else { // that of a forward proxy, which says nothing about the pod
						serving.dialled(routing.OutcomeOwnFault, err)
					}
				},
			})
		}
		return dial(ctx, network, address)
	}
}

// isDrop tells whether a round trip over a connection failed because that ended before a byte of an answer.
func isDrop(err error) bool {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno == syscall.EPIPE || isUnreachable(errno)
	}
	// HTTP/1 gives the end of a connection several errors: that of the reader, that of the writer, under which the reader has closed it, and one
	// without a type. HTTP/2 returns the last as it is, where HTTP/1 would wrap it if a part of an answer had come.
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "server closed idle connection") ||
		err == io.ErrUnexpectedEOF
}

// outcomeOf reads the errno of connect(2).
func outcomeOf(err error) routing.Outcome {
	errno, _ := errors.AsType[syscall.Errno](err)
	switch {
	case err == nil:
		return routing.OutcomeConnected
	case errors.Is(err, context.Canceled):
		return routing.OutcomeCancelled
	case errno == syscall.ECONNREFUSED:
		return routing.OutcomeRefused
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), isUnreachable(errno):
		return routing.OutcomeUnreachable
	default: // EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EACCES, EPERM and whatever else this host lacks
		return routing.OutcomeOwnFault
	}
}

// isUnreachable tells whether an errno says that packets got no answer, or that the answer was to go away.
func isUnreachable(errno syscall.Errno) bool {
	switch errno {
	case syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.ETIMEDOUT, syscall.ECONNRESET, syscall.ECONNABORTED:
		return true
	}
	return false
}

// watchedBody is the body of a request. Where its length was announced, Go's HTTP/1 client asks for more when it has sent all of it, to find
// out whether it is longer. If the pod has begun its answer by then, Go's HTTP/1 server has closed the body, and the client would take the
// refusal to read from it for a failure, and cut the answer.
type watchedBody struct {
	io.ReadCloser
	left   int64 // bytes; less than 0 if nobody knows
	broken atomic.Bool
	closed atomic.Bool
}

// watchBody makes a request's body a watchedBody, if it has one.
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

// knowBody finds out whether a request that only asks for something has a body. HTTP/3 gives each one, of unknown length; without it, the request
// can be repeated over another connection, where a pod has just ended the one that was open.
func knowBody(r *http.Request) {
	if r.ProtoMajor < 3 || r.ContentLength >= 0 || r.Body == nil || !reads(r) {
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

// Read reads. At the end it is io.EOF, whatever has become of the body.
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

// failed tells whether the client did not send the whole body. No body never fails.
func (b *watchedBody) failed() bool { return b != nil && b.broken.Load() }

// reads tells whether a request only asks for something.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }
