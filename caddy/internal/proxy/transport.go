// In: a round trip or a dial for a request.
// Out: the same, reported to the source.

package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/go"
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
	source.seeking.dial = stock.Transport.DialContext
	source.seeking.viaProxy = sync.OnceValue(func() bool { return config.UsesForwardProxy(stock, source.loaded) })
	stock.Transport.DialTLSContext = watchDial(stock.Transport.DialTLSContext, source)
	return transport{stock, source}, nil
}

// RoundTrip makes the round trip and reports an answer.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	serving, ok := t.source.requestOf(r.Context())
	if !ok {
		return t.HTTPTransport.RoundTrip(r)
	}
	body := serving.watchBody(r)
	response, err := t.HTTPTransport.RoundTrip(r)
	if cancelledByAnother(r, err) && body == nil && reads(r) {
		response, err = t.HTTPTransport.RoundTrip(r)
	}
	switch {
	case err != nil:
		serving.attempt = roundTripFailed
		if cancelledByAnother(r, err) {
			err = errCancelledByAnother
			serving.attempt, serving.drop = podDropped, tryAgainLater
		} else if isDrop(err) && r.Context().Err() == nil && !body.failed() && !t.source.seeking.viaProxy() {
			t.source.dropped(serving)
		}
	default:
		serving.attempt = podAnswered
		t.source.answered(serving)
	}
	return response, err
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
		if serving, ok := source.requestOf(ctx); ok {
			if pod, ok := serving.chosenPod(); ok {
				ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
					ConnectDone: func(_, address string, err error) {
						if parsed, parseErr := netip.ParseAddrPort(address); parseErr == nil && parsed == pod.address {
							source.dialled(serving, pod, err)
						} else { // that of a forward proxy, which says nothing about the pod
							serving.failedHere(err)
						}
					},
				})
			}
		}
		return dial(ctx, network, address)
	}
}

// isDrop tells whether a round trip failed because the connection to the pod ended before a byte of an answer.
func isDrop(err error) bool {
	var dialError reverseproxy.DialError
	if errors.As(err, &dialError) {
		return false
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		switch errno {
		case syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH:
			return true
		}
		return false
	}
	// HTTP/1 gives the end of a connection several errors: that of the reader, that of the writer, under which the reader has closed it, and one
	// without a type. HTTP/2 returns the last as it is, where HTTP/1 would wrap it if a part of an answer had come.
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "server closed idle connection") ||
		err == io.ErrUnexpectedEOF
}

// outcomeOf reads the errno of connect(2).
func outcomeOf(err error) doors.Outcome {
	var errno syscall.Errno
	switch {
	case err == nil:
		return doors.OutcomeConnected
	case errors.Is(err, context.Canceled):
		return doors.OutcomeCancelled
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return doors.OutcomeUnreachable
	case !errors.As(err, &errno):
		return doors.OutcomeOwnFault
	}
	switch errno {
	case syscall.ECONNREFUSED:
		return doors.OutcomeRefused
	case syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.ETIMEDOUT, syscall.ECONNRESET, syscall.ECONNABORTED:
		return doors.OutcomeUnreachable
	default: // EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EACCES, EPERM and whatever else this host lacks
		return doors.OutcomeOwnFault
	}
}
