package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/go"
)

func TestOutcomeOf(t *testing.T) {
	connect := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for _, test := range []struct {
		err  error
		want doors.Outcome
	}{
		{nil, doors.OutcomeConnected},
		{context.Canceled, doors.OutcomeCancelled},
		{connect(syscall.ECONNREFUSED), doors.OutcomeRefused},
		{connect(syscall.EHOSTUNREACH), doors.OutcomeUnreachable},
		{connect(syscall.ENETUNREACH), doors.OutcomeUnreachable},
		{connect(syscall.ETIMEDOUT), doors.OutcomeUnreachable},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, doors.OutcomeUnreachable},
		{fmt.Errorf("dial: %w", context.DeadlineExceeded), doors.OutcomeUnreachable},
		{connect(syscall.EMFILE), doors.OutcomeOwnFault},
		{connect(syscall.ENOBUFS), doors.OutcomeOwnFault},
		{connect(syscall.EADDRNOTAVAIL), doors.OutcomeOwnFault},
		{connect(syscall.EACCES), doors.OutcomeOwnFault},
		{fmt.Errorf("something else"), doors.OutcomeOwnFault},
	} {
		if got := outcomeOf(test.err); got != test.want {
			t.Errorf("%v: got %d, want %d", test.err, got, test.want)
		}
	}
}

// roundTripFunc makes a function a round tripper.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A request whose connection another one has closed by giving up is not answered as if its own client had. What only reads is sent again, once.
func TestCancelledByAnother(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		method    string
		ctx       context.Context
		cancelled int // so many round trips in a row
		trips     int
		want      error
	}{
		{"GET", t.Context(), 1, 2, nil},
		{"GET", t.Context(), 2, 2, errCancelledByAnother},
		{"POST", t.Context(), 1, 1, errCancelledByAnother},
		{"GET", gone, 1, 1, context.Canceled},
	} {
		trips := 0
		stock := &reverseproxy.HTTPTransport{Transport: new(http.Transport)}
		stock.Transport.RegisterProtocol("http", roundTripFunc(func(*http.Request) (*http.Response, error) {
			if trips++; trips <= test.cancelled {
				return nil, context.Canceled
			}
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		}))
		source := sourceWith(t, 1)
		source.seeking.viaProxy = func() bool { return false }
		serving := &request{source: source}
		r, err := http.NewRequestWithContext(context.WithValue(test.ctx, requestKey{}, serving), test.method, "http://127.0.1.1/", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = transport{stock, source}.RoundTrip(r)
		dropped := test.want == errCancelledByAnother
		if !errors.Is(err, test.want) || trips != test.trips || (serving.attempt == podDropped) != dropped {
			t.Errorf("%+v: %v after %d round trips, attempt %d", test, err, trips, serving.attempt)
		}
	}
}

// What the operating system and Go really report for a port on which nothing listens, and for a dial that takes too long.
func TestOutcomeOfRealDials(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	if _, err = net.Dial("tcp", address); outcomeOf(err) != doors.OutcomeRefused {
		t.Errorf("nothing listens: %v is %d, want %d", err, outcomeOf(err), doors.OutcomeRefused)
	}
	late, cancel := context.WithTimeout(context.Background(), 1)
	defer cancel()
	if _, err = new(net.Dialer).DialContext(late, "tcp", address); outcomeOf(err) != doors.OutcomeUnreachable {
		t.Errorf("too late: %v is %d, want %d", err, outcomeOf(err), doors.OutcomeUnreachable)
	}
}

func TestTheLastDialCounts(t *testing.T) {
	serving := new(request)
	pods := []pod{{address: netip.MustParseAddrPort("127.0.1.1:80")}, {address: netip.MustParseAddrPort("127.0.1.2:80")}}
	first := pods[0].address
	serving.failedToReach(first, doors.Answer{Action: doors.ActionUnavailable})
	serving.failedToReach(first, doors.Answer{Action: doors.ActionGone})
	if answer, failed := serving.failedAt(first); !failed || answer.Action != doors.ActionGone {
		t.Errorf("got %v, %t", answer, failed)
	}
	if rest := serving.untried(pods); len(rest) != 1 || rest[0].address != pods[1].address {
		t.Errorf("untried: %v", rest)
	}
	serving.reached(first)
	if _, failed := serving.failedAt(first); failed || len(serving.untried(pods)) != 2 {
		t.Error("a dial that succeeded counts as failed")
	}
}
