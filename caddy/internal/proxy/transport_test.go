package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/routing"
	"go.uber.org/zap"
)

func TestOutcomeOf(t *testing.T) {
	connect := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for _, test := range []struct {
		err  error
		want routing.Outcome
	}{
		{nil, routing.OutcomeConnected},
		{context.Canceled, routing.OutcomeCancelled},
		{connect(syscall.ECONNREFUSED), routing.OutcomeRefused},
		{connect(syscall.EHOSTUNREACH), routing.OutcomeUnreachable},
		{connect(syscall.ENETUNREACH), routing.OutcomeUnreachable},
		{connect(syscall.ETIMEDOUT), routing.OutcomeUnreachable},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, routing.OutcomeUnreachable},
		{fmt.Errorf("dial: %w", context.DeadlineExceeded), routing.OutcomeUnreachable},
		{connect(syscall.EMFILE), routing.OutcomeOwnFault},
		{connect(syscall.ENOBUFS), routing.OutcomeOwnFault},
		{connect(syscall.EADDRNOTAVAIL), routing.OutcomeOwnFault},
		{connect(syscall.EACCES), routing.OutcomeOwnFault},
		{fmt.Errorf("something else"), routing.OutcomeOwnFault},
	} {
		if got := outcomeOf(test.err); got != test.want {
			t.Errorf("%v: got %d, want %d", test.err, got, test.want)
		}
	}
}

// roundTripFunc is a function that implements http.RoundTripper.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// If another request gives up and its connection is closed, a request on that connection is not
// answered as if its own client had given up. A GET or HEAD request is repeated once.
func TestCancelledByAnother(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		method    string
		ctx       context.Context
		cancelled int // number of cancelled round trips
		trips     int
		want      error
		step      routing.StepKind
	}{
		{"GET", t.Context(), 1, 2, nil, routing.StepDial},
		{"GET", t.Context(), 2, 2, errCancelledByAnother, routing.StepAnswer},
		{"POST", t.Context(), 1, 1, errCancelledByAnother, routing.StepAnswer},
		{"GET", gone, 1, 1, context.Canceled, routing.StepDone},
	} {
		trips := 0
		stock := &reverseproxy.HTTPTransport{Transport: new(http.Transport)}
		stock.Transport.RegisterProtocol("http", roundTripFunc(func(*http.Request) (*http.Response, error) {
			if trips++; trips <= test.cancelled {
				return nil, context.Canceled
			}
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		}))
		source := newSource(t)
		r := httptest.NewRequestWithContext(test.ctx, test.method, "http://127.0.1.1/", nil)
		serving, err := source.begin(r, make(http.Header))
		if err != nil {
			t.Fatal(err)
		}
		_, err = transport{stock, source}.RoundTrip(r)
		if !errors.Is(err, test.want) || trips != test.trips || serving.step.Kind != test.step || (serving.step.Cause == routing.CauseOwnFault) != (test.step == routing.StepAnswer) {
			t.Errorf("%+v: %v after %d round trips, step %+v", test, err, trips, serving.step)
		}
	}
}

// What the operating system and Go report for a port without a listener, and for a dial that times
// out.
func TestOutcomeOfRealDials(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	if _, err = net.Dial("tcp", address); outcomeOf(err) != routing.OutcomeRefused {
		t.Errorf("nothing listens: %v is %d, want %d", err, outcomeOf(err), routing.OutcomeRefused)
	}
	late, cancel := context.WithTimeout(context.Background(), 1)
	defer cancel()
	if _, err = new(net.Dialer).DialContext(late, "tcp", address); outcomeOf(err) != routing.OutcomeUnreachable {
		t.Errorf("too late: %v is %d, want %d", err, outcomeOf(err), routing.OutcomeUnreachable)
	}
}

// The outcome of an attempt is that of the last dial of its pod, unless the connection failed
// later.
func TestTheLastDialCounts(t *testing.T) {
	source := newSource(t)
	serving := &request{source: source}
	serving.setPod(target{Pod: netip.MustParseAddrPort("127.0.1.1:80")})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	failure := func(err error) routing.Outcome { return transport{source: source}.failure(serving, r, nil, err) }
	notReached := reverseproxy.NewDialError(errNoPod)
	if got := failure(notReached); got != routing.OutcomeOwnFault {
		t.Errorf("no dial was seen: %v", got)
	}
	for _, outcome := range []routing.Outcome{routing.OutcomeUnreachable, routing.OutcomeRefused} {
		if serving.dialled(outcome, errNoPod); failure(notReached) != outcome || serving.lastDial().fault != nil {
			t.Errorf("%v became %v, %v", outcome, failure(notReached), serving.lastDial().fault)
		}
	}
	if serving.dialled(routing.OutcomeOwnFault, errNoPod); serving.lastDial().fault != errNoPod {
		t.Errorf("the fault is %v", serving.lastDial().fault)
	}
	if serving.dialled(routing.OutcomeConnected, nil); failure(notReached) != routing.OutcomeOwnFault || serving.lastDial().fault != nil {
		t.Errorf("after a connection: %v", failure(notReached))
	}
	for err, want := range map[error]routing.Outcome{io.EOF: routing.OutcomeDropped, errCancelledByAnother: routing.OutcomeOwnFault, errNoPod: routing.OutcomeCancelled} {
		if got := failure(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if r = r.WithContext(gone); failure(io.EOF) != routing.OutcomeCancelled {
		t.Error("a pod is blamed for a client that has gone")
	}
}

// newSource returns a source with one upstream.
func newSource(t *testing.T) *Source {
	t.Helper()
	held, err := Acquire()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Release() })
	s := &Source{process: held, logger: zap.NewNop(), viaProxy: func() bool { return false }}
	text := `{"secret": "` + caddytest.Secret + `", "upstreams": [{"cidr": "127.0.1.0/24", "host": "127.0.1.1", "port": 80}]}`
	if s.loaded, err = config.Load([]byte(text), s.route); err != nil {
		t.Fatal(err)
	}
	s.upstreams = show.Upstreams(s.process, s.core, nil)
	return s
}
