package show

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// Each kind of fault is logged by name, at most once in ten seconds.
func TestFaultsAreNamed(t *testing.T) {
	core, lines := observer.New(zap.ErrorLevel)
	var f Faults
	log := func(fault error) { f.Log(zap.New(core), fault, 0) }
	dial := func(cause error) error {
		return fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Net: "tcp", Err: cause})
	}
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.EADDRNOTAVAIL, syscall.EPERM, syscall.EMFILE, syscall.ESRCH, syscall.EMFILE} {
		log(dial(os.NewSyscallError("connect", errno)))
	}
	log(fmt.Errorf("proxyconnect tcp: refused"))
	want := []struct{ errno, check string }{
		{"EMFILE", "LimitNOFILE"}, {"EADDRNOTAVAIL", "ip_local_port_range"}, {"EPERM", "nftables"}, {"errno 3", "limits"}, {"", "forward proxy"},
	}
	if lines.Len() != len(want) {
		t.Fatalf("%d lines, want %d", lines.Len(), len(want))
	}
	for i, line := range lines.All() {
		fields := line.ContextMap()
		if fields["errno"] != want[i].errno || !strings.Contains(fmt.Sprint(fields["check"]), want[i].check) {
			t.Errorf("line %d: %v, want %v", i, fields, want[i])
		}
	}
}

func TestFaultsPause(t *testing.T) {
	var f Faults
	at := func(now time.Duration, suppressed int, due bool) {
		t.Helper()
		if gotSuppressed, gotDue := f.due(syscall.EMFILE, now); gotSuppressed != suppressed || gotDue != due {
			t.Errorf("at %v: %d, %t; want %d, %t", now, gotSuppressed, gotDue, suppressed, due)
		}
	}
	at(0, 0, true)
	at(time.Second, 0, false)
	at(faultPause-1, 0, false)
	at(faultPause, 2, true)
	at(2*faultPause, 0, true)
	if _, due := f.due(syscall.ENFILE, 2*faultPause); !due {
		t.Error("another kind waits")
	}
}
