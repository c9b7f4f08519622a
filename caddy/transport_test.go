package caddydoors

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

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
