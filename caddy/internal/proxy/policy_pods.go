// In: what happens to requests and dials.
// Out: what the library makes of it: verdicts, and a line in the log where one changed.

package proxy

import (
	"errors"
	"net/netip"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// verdictBefore asks what is known about a request before any dial. Requests without a token have no verdict.
func (s *Source) verdictBefore(serving *request) verdict {
	decision, now := serving.decision, s.process.Now()
	switch decision.Kind {
	case doors.Gone:
		answer, err := s.process.pods.RefusedToken(s.group, decision.Reason, decision.Path, now)
		if err != nil {
			s.logFault(err)
			answer.Action = doors.ActionGone
		}
		if answer.Log {
			s.logRefused(decision.Reason, answer.Suppressed)
		}
		if answer.NothingOpens {
			s.logger.Error("no token has opened since start: do the apps have the same secret?")
		}
		s.findPod(answer, serving)
		return verdictOf(answer, metrics.Refused(decision.Reason))
	case doors.Pod:
		pod := serving.pod[0]
		if serving.began == 0 {
			serving.began = now
		}
		answer, err := s.process.pods.Began(pod.upstream.group, pod.address, decision.Path, now)
		if err != nil {
			s.logFault(err)
		}
		s.findPod(answer, serving)
		s.findWitness(answer, pod)
		if answer.Changed {
			s.logVerdict(pod.upstream, pod.address, answer.Verdict)
		}
		serving.probes = answer.Action == doors.ActionProbe
		return verdictOf(answer, causeOf(answer))
	default:
		return verdict{}
	}
}

// verdictAfter says what the failure of a request means that had to reach one pod. Once the pod has begun to answer it means nothing.
func (s *Source) verdictAfter(serving *request, failure error) verdict {
	switch {
	case serving.decision.Kind != doors.Pod:
		return verdict{}
	case serving.attempt == podDropped:
		verdict := verdictOf(serving.drop, causeOfDrop(serving.drop))
		verdict.holds = false // the pod may have seen the request, and must not get it again
		return verdict
	case !serving.failedToDial(failure):
		return verdict{}
	}
	if fault := ownFault(serving, failure); fault != nil {
		s.logFaultHere(fault)
	}
	if answer, ok := serving.failedAt(serving.pod[0].address); ok {
		return verdictOf(answer, causeOf(answer))
	}
	return unavailable(metrics.OwnFault) // not the pod was dialled but a forward proxy, say
}

// verdictOfLoad says what the failure of a request means that any of several pods may take. One that was sent to a pod is not sent again, and
// it is only told to try again itself if it reads.
func (s *Source) verdictOfLoad(serving *request, failure error, reads bool) verdict {
	if fault := ownFault(serving, failure); fault != nil {
		s.logFaultHere(fault)
		return unavailable(metrics.OwnFault)
	}
	var verdict verdict
	switch {
	case serving.attempt == nothingToChoose:
		verdict = unavailable(metrics.NoFreshPod)
		verdict.holds = true
	case serving.failedToDial(failure):
		verdict = unavailable(metrics.NoPod)
		verdict.holds = true
	case serving.attempt == podDropped && reads:
		verdict = unavailable(metrics.PodDropped)
	}
	return verdict
}

// failedToDial tells whether the proxy loop ended because no connection could be made.
func (q *request) failedToDial(failure error) bool {
	var dialError reverseproxy.DialError
	return q.attempt == roundTripFailed && errors.As(failure, &dialError)
}

// ownFault returns the failure of the last dial if its cause is on this machine, so that nothing is known about any pod. Else it returns nil.
func ownFault(serving *request, failure error) error {
	if !serving.failedToDial(failure) {
		return nil
	}
	pod, _ := serving.chosenPod()
	if answer, ok := serving.failedAt(pod.address); ok && answer.Verdict != doors.VerdictNone {
		return nil
	}
	if fault := serving.faultHere(); fault != nil {
		return fault
	}
	return failure
}

// dialled reports how a dial of a pod ended.
func (s *Source) dialled(serving *request, at pod, failure error) {
	upstream, address := at.upstream, at.address
	outcome := outcomeOf(failure)
	if outcome == doors.OutcomeCancelled {
		return
	}
	if outcome != doors.OutcomeOwnFault {
		failure = nil
	}
	serving.failedHere(failure)
	if outcome == doors.OutcomeRefused || outcome == doors.OutcomeUnreachable {
		upstream.knowFirst()
	}
	answer, err := s.process.pods.Ended(upstream.group, address, serving.decision.Path, outcome, s.process.Now())
	if err != nil {
		s.logFault(err)
		answer = tryAgainLater
	}
	if outcome == doors.OutcomeConnected {
		serving.reached(address)
		s.connected.Announce()
	} else {
		metrics.DialFailed(upstream.label(), outcome)
		serving.failedToReach(address, answer)
	}
	if outcome == doors.OutcomeRefused {
		upstream.host.DropRefused(address.Addr())
	}
	s.learned(serving, at, answer)
}

// learned obeys the answer to a report.
func (s *Source) learned(serving *request, about pod, answer doors.Answer) {
	if answer.Changed {
		s.logVerdict(about.upstream, about.address, answer.Verdict)
	}
	if !serving.background { // else one dial in the background would lead to the next for ever
		s.findPod(answer, serving)
		s.findWitness(answer, about)
	}
}

// dropped reports that the connection to the chosen pod ended before a byte of an answer.
func (s *Source) dropped(serving *request) {
	pod, ok := serving.chosenPod()
	if !ok {
		return
	}
	pod.upstream.knowFirst()
	answer, err := s.process.pods.Ended(pod.upstream.group, pod.address, serving.decision.Path, doors.OutcomeDropped, s.process.Now())
	if err != nil {
		s.logFault(err)
		answer = tryAgainLater
	}
	metrics.DialFailed(pod.upstream.label(), doors.OutcomeDropped)
	serving.attempt, serving.drop = podDropped, answer
	serving.failedToReach(pod.address, answer) // a resource comes from another pod
	s.learned(serving, pod, answer)
}

// answered reports that a pod answered: the sign that the network works, by which a dead pod is told from a fault on our
// side. One in a second and pod is enough, and every probe.
func (s *Source) answered(serving *request) {
	pod, ok := serving.chosenPod()
	now := s.process.Now()
	if !ok || !pod.reportsAnswer(now) && !serving.probes {
		return
	}
	answer, err := s.process.pods.Ended(pod.upstream.group, pod.address, serving.decision.Path, doors.OutcomeAnswered, now)
	if err != nil {
		s.logFault(err)
		return
	}
	s.learned(serving, pod, answer)
}

// split parts the pods whose last dial failed a moment ago from the others. It keeps their order.
func (s *Source) split(pods []pod) (well, failing []pod) {
	var addressRoom [16]netip.AddrPort
	var failedRoom [16]bool
	addresses, failed := addressRoom[:0], failedRoom[:0]
	for _, pod := range pods {
		addresses, failed = append(addresses, pod.address), append(failed, false)
	}
	if err := s.process.pods.FailedRecently(addresses, s.process.Now(), failed); err != nil {
		s.logFault(err)
		return pods, nil
	}
	for i := range pods {
		if failed[i] {
			failing = append(failing, pods[i])
		} else if failing != nil {
			well = append(well, pods[i])
		}
		if failing == nil {
			well = pods[: i+1 : i+1] // nothing to part yet, so nothing to copy
		}
	}
	return well, failing
}

func (s *Source) logVerdict(upstream *upstream, address netip.AddrPort, verdict doors.Verdict) {
	log := s.logger.Warn
	if verdict == doors.VerdictNone {
		log = s.logger.Info
	}
	log("pod changed", zap.Stringer("pod", address), zap.String("host", upstream.name), zap.Stringer("held_against_it", verdict))
}

// logRefused tells of a token that leads nowhere, and how many more there were since the last line; never the token.
func (s *Source) logRefused(reason doors.Reason, suppressed int) {
	s.logger.Warn("token leads nowhere", zap.Stringer("reason", metrics.Refused(reason)), zap.Int("suppressed", suppressed),
		zap.String("first_upstream", s.upstreams[0].hostport))
}

// logFault tells of an error that only a bug can cause.
func (s *Source) logFault(err error) {
	s.logger.Error("the library could not take an event", zap.Error(err))
}
