// In: what the library learned, and what it asks for besides.
// Out: lines in the log, dials in the background, lookups, and the end of waits.

package proxy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// learn obeys a report. asking is the request that it came with, nil for none.
func (s *Source) learn(asking *request, report doors.Report, err error) {
	if err != nil { // which only a bug can cause
		s.logger.Error("the library could not take an event", zap.Error(err))
		return
	}
	if changed := report.Changed; changed.Pod.IsValid() {
		s.logVerdict(changed, report.Verdict)
	}
	if report.Outside.IsValid() {
		s.logOutside(report.OutsideUpstream, report.Outside)
	}
	if report.RefusedToken && asking != nil { // never the token
		s.logger.Warn("token leads nowhere", zap.Stringer("reason", metrics.CauseOf(asking.decision.Reason)), zap.Int("suppressed", report.Suppressed),
			zap.String("first_upstream", s.upstreams[0].hostport))
	}
	if report.NothingOpens {
		s.logger.Error("no token has opened since start: do the apps have the same secret?")
	}
	if report.Dropped.IsValid() {
		s.process.dns.Dropped(report.DroppedHost)
	}
	if report.LookupsDue {
		s.process.dns.Due()
	}
	if report.Wake {
		s.process.news.announce()
	}
	if report.Background.Pod.IsValid() && s.dial != nil {
		go s.dialInBackground(report.Background)
	}
}

// dialInBackground dials a pod with the transport's own dialer, which reports it.
func (s *Source) dialInBackground(at target) {
	if s.viaProxy() {
		return // pods cannot be dialled directly, so nothing can be learned
	}
	ctx := context.WithValue(context.Background(), requestKey{}, &request{source: s, fixed: at, chosen: at})
	if connection, err := s.dial(ctx, "tcp", at.Pod.String()); err == nil {
		connection.Close()
	}
}

// dialled reports how a dial of a pod ended.
func (s *Source) dialled(serving *request, at target, failure error) {
	outcome := outcomeOf(failure)
	if outcome == doors.OutcomeCancelled {
		return
	}
	serving.dialled(outcome, failure)
	if outcome != doors.OutcomeConnected {
		metrics.DialFailed(s.upstreams[at.Upstream].label(), outcome)
	}
	report, err := s.core.Dialled(at.Upstream, at.Pod, outcome, s.process.Now(), rand.Uint64())
	s.learn(nil, report, err)
}

func (s *Source) logVerdict(changed target, verdict doors.Verdict) {
	log := s.logger.Warn
	if verdict == doors.VerdictNone {
		log = s.logger.Info
	}
	log("pod changed", zap.Stringer("pod", changed.Pod), zap.String("host", s.upstreams[changed.Upstream].name), zap.Stringer("held_against_it", verdict))
}

// logOutside warns about a host that resolves to something that its own networks do not hold.
func (s *Source) logOutside(upstream int, address netip.Addr) {
	s.logger.Warn("host resolves to an address outside its own networks: the tokens of its pages are refused or lead elsewhere, so that it gets new pages only while no other pod is known",
		zap.String("field", "upstreams["+strconv.Itoa(upstream)+"].host"), zap.String("host", s.upstreams[upstream].name), zap.Stringer("address", address))
}

// faultPause is the time between two lines about the same kind of fault.
const faultPause = 10 * time.Second

// faults remembers when each kind of fault was last logged. The zero value is ready.
type faults struct {
	mutex  sync.Mutex
	logged map[syscall.Errno]*faultLog // 0 stands for faults without a number
}

type faultLog struct {
	at         time.Duration
	suppressed int
}

// due tells whether a line about the fault is due, and how many were left out since the last one.
func (f *faults) due(errno syscall.Errno, now time.Duration) (suppressed int, due bool) {
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

// errnoAdvice says for an errno of socket(2), bind(2) and connect(2) what an operator is to look at.
var errnoAdvice = map[syscall.Errno]struct{ name, check string }{
	syscall.EMFILE:        {"EMFILE", "the limit of open files of the Caddy process (ulimit -n, LimitNOFILE of systemd)"},
	syscall.ENFILE:        {"ENFILE", "the limit of open files of this machine (sysctl fs.file-max)"},
	syscall.ENOBUFS:       {"ENOBUFS", "the memory for sockets of this machine (sysctl net.core and net.ipv4.tcp_mem)"},
	syscall.ENOMEM:        {"ENOMEM", "the free memory of this machine, and the limit of the container"},
	syscall.EADDRNOTAVAIL: {"EADDRNOTAVAIL", "whether local ports are used up (sysctl net.ipv4.ip_local_port_range, ss -s), and `local_address` of the transport"},
	syscall.EADDRINUSE:    {"EADDRINUSE", "whether local ports are used up (sysctl net.ipv4.ip_local_port_range, ss -s), and `local_address` of the transport"},
	syscall.EACCES:        {"EACCES", "whether a firewall rule or a security policy of this machine (SELinux, seccomp) forbids the connection"},
	syscall.EPERM:         {"EPERM", "whether a firewall rule or a network policy on this machine rejects the connection (iptables, nftables)"},
	syscall.EAFNOSUPPORT:  {"EAFNOSUPPORT", "whether this machine has the IP version of the pod, and `versions` of the source"},
	syscall.EINVAL:        {"EINVAL", "`local_address` of the transport: it must be of the pod's IP version"},
}

// logFaultHere tells why a request got 503 for a fault of this machine.
func (s *Source) logFaultHere(fault error) {
	var errno syscall.Errno
	errors.As(fault, &errno)
	suppressed, due := s.process.faults.due(errno, s.process.Now())
	if !due {
		return
	}
	name, check := "", "the transport of this reverse_proxy: a forward proxy, `local_address`"
	if errno != 0 {
		name, check = fmt.Sprintf("errno %d", int(errno)), "the limits and the network of this machine"
		if known, ok := errnoAdvice[errno]; ok {
			name, check = known.name, known.check
		}
	}
	s.logger.Error("a pod could not be dialled for a fault on this machine: the request got 503, and nothing is held against the pod",
		zap.String("errno", name), zap.Error(fault), zap.String("check", check), zap.Int("suppressed", suppressed))
}
