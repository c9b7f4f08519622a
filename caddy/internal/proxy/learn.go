package proxy

import (
	"context"
	"math/rand/v2"

	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
	"go.uber.org/zap"
)

// learn carries out a report of the library. asking is the request that caused it. Both may be nil.
func (s *Source) learn(asking *request, report *routing.Report, err error) {
	if s.logRejected(err) || report == nil {
		return
	}
	reason := routing.ReasonNone
	if asking != nil {
		reason = asking.decision.Reason
	}
	show.LogReport(s.logger, s.loaded.Router, report, reason)
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

// logRejected reports whether the library rejected an event, and logs the error. Only a bug can cause
// one.
func (s *Source) logRejected(err error) bool {
	if err != nil {
		s.logger.Error("internal error: the library rejected a report about a pod", zap.Error(err))
	}
	return err != nil
}

// dialInBackground dials a pod with the transport's own dialer, which reports the outcome.
func (s *Source) dialInBackground(at target) {
	if s.viaProxy() {
		return // pods cannot be dialled directly
	}
	asking := &request{ctx: context.Background(), source: s, last: dial{target: at}}
	if connection, err := s.dial(asking.inContext(), "tcp", at.Pod.String()); err == nil {
		connection.Close()
	}
}

// dialled reports the outcome of a dial of a pod.
func (s *Source) dialled(serving *request, at target, failure error) {
	outcome := outcomeOf(failure)
	if outcome == routing.OutcomeCancelled {
		return
	}
	serving.dialled(outcome, failure)
	if outcome != routing.OutcomeConnected {
		metrics.DialFailed(s.upstreams[at.Upstream].Label(), outcome)
	}
	report, err := s.core.Dialled(at.Upstream, at.Pod, outcome, s.process.Now(), rand.Uint64())
	s.learn(nil, report, err)
}
