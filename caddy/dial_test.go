package caddydoors

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
)

func TestClassifyDial(t *testing.T) {
	connect := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for _, test := range []struct {
		err  error
		want dialOutcome
	}{
		{nil, dialNone},
		{context.Canceled, dialNone},
		{connect(syscall.ECONNREFUSED), dialRefused},
		{connect(syscall.EHOSTUNREACH), dialUnreachable},
		{connect(syscall.ENETUNREACH), dialUnreachable},
		{connect(syscall.ETIMEDOUT), dialUnreachable},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, dialUnreachable},
		{fmt.Errorf("dial: %w", context.DeadlineExceeded), dialUnreachable},
		{connect(syscall.EMFILE), dialOwnFault},
		{connect(syscall.ENOBUFS), dialOwnFault},
		{connect(syscall.EADDRNOTAVAIL), dialOwnFault},
		{connect(syscall.EACCES), dialOwnFault},
		{fmt.Errorf("something else"), dialOwnFault},
	} {
		if got := classifyDial(test.err); got != test.want {
			t.Errorf("%v: got %d, want %d", test.err, got, test.want)
		}
	}
}

// What the operating system and Go really report for a port on which nothing listens, and for a dial that takes too long.
func TestClassifyRealDials(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	if _, err = net.Dial("tcp", address); classifyDial(err) != dialRefused {
		t.Errorf("nothing listens: %v is %d, want %d", err, classifyDial(err), dialRefused)
	}
	late, cancel := context.WithTimeout(context.Background(), 1)
	defer cancel()
	if _, err = new(net.Dialer).DialContext(late, "tcp", address); classifyDial(err) != dialUnreachable {
		t.Errorf("too late: %v is %d, want %d", err, classifyDial(err), dialUnreachable)
	}
}

func TestDialsKeepTheLastOutcome(t *testing.T) {
	dials := new(request)
	pod, other := netip.MustParseAddrPort("127.0.1.1:80"), netip.MustParseAddrPort("127.0.1.2:80")
	dials.dialled(pod, dialUnreachable)
	dials.dialled(pod, dialRefused)
	dials.dialled(other, dialOwnFault)
	if got := dials.outcome(pod); got != dialRefused {
		t.Errorf("got %d, want %d", got, dialRefused)
	}
	dials.dialled(pod, dialNone)
	if got := dials.outcome(pod); got != dialNone {
		t.Errorf("after a connection: got %d, want %d", got, dialNone)
	}
}
