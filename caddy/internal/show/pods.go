package show

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/doors-dev/doors-caddy/routing"
)

// describePods describes the known pods. It keeps the lookups of their upstreams' hosts going, and
// returns these upstreams.
func (r *Reporter) describePods(sources []Source, now time.Duration) (pods map[netip.AddrPort]status.Pod, inUse map[*Upstream]bool, err error) {
	known, err := r.pods()
	if err != nil {
		return nil, nil, err
	}
	pods, inUse = make(map[netip.AddrPort]status.Pod, len(known)), make(map[*Upstream]bool)
	for _, pod := range known {
		upstream := upstreamOf(sources, pod)
		if upstream != nil && !inUse[upstream] {
			inUse[upstream] = true
			upstream.use()
		}
		pods[pod.Pod] = describePod(pod, upstream, now)
	}
	return pods, inUse, nil
}

// Rollout sums up the state of the pods.
func (r *Reporter) Rollout() (rollout status.Rollout, err error) {
	pods, _, err := r.describePods(r.process.InForce(), r.process.Now())
	if err != nil {
		return rollout, err
	}
	return status.RolloutOf(slices.Collect(maps.Values(pods))), nil
}

// podsAtOnce is how many pods are read with one call.
const podsAtOnce = 256

// pods returns the known pods.
func (r *Reporter) pods() (pods []routing.KnownPod, err error) {
	for last := (netip.AddrPort{}); ; last = pods[len(pods)-1].Pod {
		more, _, err := r.process.Known().Pods(last, podsAtOnce)
		if pods = append(pods, more...); err != nil || len(more) < podsAtOnce {
			return pods, err
		}
	}
}

// upstreamOf returns the upstream of a pod, or nil if no source has it.
func upstreamOf(sources []Source, pod routing.KnownPod) *Upstream {
	for _, source := range sources {
		if i, ok := source.Loaded().Router.Lookup(pod.Pod.Addr()); ok {
			if upstream := source.Upstream(i); upstream.Number == pod.Upstream {
				return upstream
			}
		}
	}
	// The host resolves to an address outside the upstream's networks: show this mistake.
	for _, source := range sources {
		for i := range min(source.Loaded().Router.Upstreams(), status.MaxUpstreams) {
			if upstream := source.Upstream(i); upstream.Number == pod.Upstream {
				return upstream
			}
		}
	}
	return nil
}

// generationOf returns the generation of a pod. known.Fresh is set if the upstream's hosts resolve
// to it.
func generationOf(upstream *Upstream, known routing.KnownPod) status.Generation {
	switch {
	case upstream == nil:
		return status.Unknown
	case known.DrainingSince != 0:
		return status.Draining
	case known.Fresh:
		return generation(upstream, known.Pod.Addr())
	default:
		return status.Unknown
	}
}

// generation returns the generation of an address to which the upstream's hosts resolve.
func generation(upstream *Upstream, address netip.Addr) status.Generation {
	if upstream.holds(address) {
		return status.Fresh
	}
	return status.Outside
}

func describePod(pod routing.KnownPod, upstream *Upstream, now time.Duration) status.Pod {
	described := status.Pod{
		Pod:                 pod.Pod.String(),
		Generation:          generationOf(upstream, pod),
		Verdict:             status.Alive,
		InFlight:            pod.InFlight,
		Streams:             pod.Streams,
		RefusedDials:        pod.Refused,
		FirstSeenSecondsAgo: secondsAgo(now, pod.FirstSeen),
		LastSeenSecondsAgo:  secondsAgo(now, pod.LastSeen),
	}
	if upstream != nil {
		described.Upstream = upstream.Hostport
	}
	switch pod.Verdict {
	case routing.VerdictUnreachable:
		described.Verdict = status.Unreachable
	case routing.VerdictGone:
		described.Verdict = status.Gone
	}
	if described.Generation == status.Draining {
		described.DrainingSecondsAgo = secondsAgo(now, pod.DrainingSince)
		if isDrained(pod, now) {
			described.Drained, described.DrainedSecondsAgo = true, secondsAgo(now, pod.DrainedSince)
		}
	}
	if pod.EvictedSince != 0 {
		described.EvictedSecondsAgo = secondsAgo(now, pod.EvictedSince)
	}
	if pod.Verdict != routing.VerdictNone {
		described.UnreachableSecondsAgo = secondsAgo(now, pod.UnreachableSince)
	}
	return described
}

// isDrained reports whether a draining pod has no pages left.
func isDrained(pod routing.KnownPod, now time.Duration) bool {
	return pod.DrainedSince != 0 && pod.DrainedSince <= now
}
