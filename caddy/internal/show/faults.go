package show

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// faultPause is the time between two log lines about the same fault.
const faultPause = 10 * time.Second

// Faults limits how often each fault is logged. The zero value is ready to use.
type Faults struct {
	mutex  sync.Mutex
	logged map[syscall.Errno]*faultLog // 0 stands for faults without an errno
}

type faultLog struct {
	at         time.Duration
	suppressed int
}

// due reports whether to log a fault now, and how many were suppressed since the last line.
func (f *Faults) due(errno syscall.Errno, now time.Duration) (suppressed int, due bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.logged == nil {
		f.logged = make(map[syscall.Errno]*faultLog)
	}
	last, found := f.logged[errno]
	if found && now-last.at < faultPause {
		last.suppressed++
		return 0, false
	}
	if found {
		suppressed = last.suppressed
	}
	f.logged[errno] = &faultLog{at: now}
	return suppressed, true
}

// errnoAdvice says for each errno of socket(2), bind(2) and connect(2) what to check.
var errnoAdvice = map[syscall.Errno]struct{ name, check string }{
	syscall.EMFILE:        {"EMFILE", "the limit of open files of the Caddy process (ulimit -n, LimitNOFILE of systemd)"},
	syscall.ENFILE:        {"ENFILE", "the limit of open files of this machine (sysctl fs.file-max)"},
	syscall.ENOBUFS:       {"ENOBUFS", "the memory for sockets of this machine (sysctl net.core and net.ipv4.tcp_mem)"},
	syscall.ENOMEM:        {"ENOMEM", "the free memory of this machine, and the limit of the container"},
	syscall.EADDRNOTAVAIL: {"EADDRNOTAVAIL", "whether local ports are used up (sysctl net.ipv4.ip_local_port_range, ss -s), and `local_address` of the transport"},
	syscall.EADDRINUSE:    {"EADDRINUSE", "whether local ports are used up (sysctl net.ipv4.ip_local_port_range, ss -s), and `local_address` of the transport"},
	syscall.EACCES:        {"EACCES", "whether a firewall rule or a security policy of this machine (SELinux, seccomp) forbids the connection"},
	syscall.EPERM:         {"EPERM", "whether a firewall rule or a network policy on this machine rejects the connection (iptables, nftables)"},
	syscall.EAFNOSUPPORT:  {"EAFNOSUPPORT", "whether this machine supports the IP version of the pod, and `versions` of the source"},
	syscall.EINVAL:        {"EINVAL", "`local_address` of the transport, which must have the IP version of the pod"},
}

// Log logs why a request got 503 for a fault of this machine, if a line is due. now may be the time
// on any clock.
func (f *Faults) Log(logger *zap.Logger, fault error, now time.Duration) {
	var errno syscall.Errno
	errors.As(fault, &errno)
	suppressed, due := f.due(errno, now)
	if !due {
		return
	}
	name, check := "", "the transport of this reverse_proxy (its forward proxy and `local_address`)"
	if errno != 0 {
		name, check = fmt.Sprintf("errno %d", int(errno)), "the limits and the network of this machine"
		if known, ok := errnoAdvice[errno]; ok {
			name, check = known.name, known.check
		}
	}
	logger.Error("cannot dial a pod because of a fault on this machine",
		zap.String("errno", name), zap.Error(fault), zap.String("check", check), zap.Int("suppressed", suppressed))
}
