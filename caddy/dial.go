// In: the outcome of a dial, as the operating system puts it.
// Out: what it says about the pod: refused, unreachable, or our own fault.

package caddydoors

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"os"
	"syscall"
)

// dialOutcome says what the last dial of an address means for the pod behind it.
type dialOutcome int

const (
	dialNone        dialOutcome = iota // not dialled, or connected, or given up by the client
	dialRefused                        // the pod's own host says that nothing listens: the pod is gone
	dialUnreachable                    // no route, or no answer: the pod may be gone, or the network has a blip
	dialOwnFault                       // nothing that can be held against the pod
)

// watchDials makes the transport report each dial to the request that caused it. Caddy's DialError hides its cause, so the
// errno is taken from the dialer's own trace; it is set here, around the dial, and not per request, since most
// requests find an open connection and composing traces costs more than the rest of a decision.
func watchDials(transport *http.Transport, source *Source) {
	watch := func(dial dialFunc) dialFunc {
		if dial == nil {
			return nil
		}
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			if serving, ok := source.requestOf(ctx); ok {
				server := serving.server()
				ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
					ConnectDone: func(_, address string, err error) {
						if parsed, parseErr := netip.ParseAddrPort(address); parseErr == nil {
							dialled(serving, server, parsed, classifyDial(err))
						}
					},
				})
			}
			return dial(ctx, network, address)
		}
	}
	transport.DialContext = watch(transport.DialContext)
	transport.DialTLSContext = watch(transport.DialTLSContext)
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialled notes the outcome where it counts: for the request, and for the host that named an address which refuses.
func dialled(serving *request, server *server, address netip.AddrPort, outcome dialOutcome) {
	serving.dialled(address, outcome)
	if outcome == dialRefused && server != nil && address.Port() == server.port {
		server.host.DropRefused(address.Addr())
	}
}

// classifyDial reads the errno of a failed connect(2).
func classifyDial(err error) dialOutcome {
	var errno syscall.Errno
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return dialNone
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return dialUnreachable
	case !errors.As(err, &errno):
		return dialOwnFault
	}
	switch errno {
	case syscall.ECONNREFUSED:
		return dialRefused
	case syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.ETIMEDOUT, syscall.ECONNRESET, syscall.ECONNABORTED:
		return dialUnreachable
	default: // EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EACCES, EPERM and whatever else this host lacks
		return dialOwnFault
	}
}
