// In: what the process knows: sources, hosts, pods, counters.
// Out: the document that shows it, and whether a pod is idle.

package caddydoors

import (
	"net/netip"
	"slices"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
	"github.com/doors-dev/doors-caddy/caddy/internal/status"
	"github.com/doors-dev/doors-caddy/go"
)

// State describes everything. Who reads it keeps the lookups of the hosts going whose pods are shown.
func (s *shared) State() (*status.State, error) {
	now := s.now()
	known, err := s.pods.List()
	if err != nil {
		return nil, err
	}
	sources := s.sources.inForce()
	inUse := make(map[*server]bool)
	pods := make(map[netip.AddrPort]status.Pod, len(known))
	for _, pod := range known {
		server := serverOf(sources, pod)
		if server != nil && !inUse[server] {
			inUse[server] = true
			server.known() // which is a use
		}
		pods[pod.Pod] = describePod(pod, server, now)
	}
	state := &status.State{
		UptimeSeconds: seconds(now),
		Sources:       make([]status.Source, len(sources)),
		Pods:          make([]status.Pod, 0, len(pods)),
		Answers:       answers(),
		History:       s.recorder.History(),
	}
	for i, source := range sources {
		state.Sources[i] = describeSource(source, inUse, pods)
	}
	addresses := make([]netip.AddrPort, 0, len(pods))
	for address := range pods {
		addresses = append(addresses, address)
	}
	slices.SortFunc(addresses, netip.AddrPort.Compare)
	for _, address := range addresses {
		state.Pods = append(state.Pods, pods[address])
	}
	return state, nil
}

// answers are what the metrics count.
func answers() (counted status.Answers) {
	counted.Gone, counted.Unavailable = metrics.Answers()
	return counted
}

// serverOf finds the server that a pod belongs to, nil if no source has it.
func serverOf(sources []*Source, pod doors.PodState) *server {
	for _, source := range sources {
		if i, ok := source.router.Lookup(pod.Pod.Addr()); ok && source.servers[i].group.Server == pod.Server {
			return source.servers[i]
		}
	}
	// Its host resolves to an address outside its own networks, which is a mistake that should be seen.
	for _, source := range sources {
		for _, server := range source.servers[:min(len(source.servers), status.MaxServers)] {
			if server.group.Server == pod.Server {
				return server
			}
		}
	}
	return nil
}

// generationOf tells whether the host of a server resolves to a pod now.
func generationOf(server *server, pod netip.AddrPort) status.Generation {
	if server == nil {
		return status.Unknown
	}
	addresses := server.host.State().Addresses
	switch {
	case len(addresses) == 0:
		return status.Unknown
	case pod.Port() == server.port && slices.Contains(addresses, pod.Addr()):
		return server.generation(pod.Addr())
	default:
		return status.Draining
	}
}

// generation is that of an address to which the server's host resolves.
func (s *server) generation(address netip.Addr) status.Generation {
	if s.holds(address) {
		return status.Fresh
	}
	return status.Outside
}

func describePod(pod doors.PodState, server *server, now time.Duration) status.Pod {
	described := status.Pod{
		Pod:                 pod.Pod.String(),
		Generation:          generationOf(server, pod.Pod),
		Verdict:             status.Alive,
		InFlight:            pod.InFlight,
		Streams:             pod.Streams,
		RefusedDials:        pod.Refused,
		FirstSeenSecondsAgo: secondsAgo(now, pod.FirstSeen),
		LastSeenSecondsAgo:  secondsAgo(now, pod.LastSeen),
	}
	if server != nil {
		described.Server = server.hostport
	}
	switch pod.Verdict {
	case doors.VerdictUnreachable:
		described.Verdict = status.Unreachable
	case doors.VerdictGone:
		described.Verdict = status.Gone
	}
	if pod.Verdict != doors.VerdictNone {
		described.UnreachableSecondsAgo = secondsAgo(now, pod.UnreachableSince)
	}
	return described
}

// secondsAgo is the time from then to now. What was noted after now was taken is not in the future.
func secondsAgo(now, then time.Duration) *float64 {
	ago := seconds(max(now-then, 0))
	return &ago
}

// seconds are those of a duration, to the millisecond.
func seconds(duration time.Duration) float64 { return float64(duration.Milliseconds()) / 1000 }

// describeSource describes a source, and adds to the pods those that its hosts resolve to and that nobody has used yet.
func describeSource(source *Source, inUse map[*server]bool, pods map[netip.AddrPort]status.Pod) status.Source {
	described := status.Source{
		Keys:         []status.Key{},
		CookieName:   source.identity.cookieName,
		Servers:      []status.Server{},
		ServersTotal: len(source.servers),
	}
	for position, id := range source.router.KeyIDs() {
		described.Keys = append(described.Keys, status.Key{Position: position, ID: id})
	}
	for i, server := range source.servers {
		host := server.host.State()
		if len(source.servers) > status.MaxServers && !inUse[server] && !host.Active {
			continue
		}
		if len(described.Servers) == status.MaxServers {
			break
		}
		one := status.Server{Server: server.hostport, CIDRs: source.identity.cidrs[i], Addresses: texts(host.Addresses), Resolving: host.Active}
		if host.Age > 0 {
			one.ResolvedSecondsAgo = secondsAgo(host.Age, 0)
		}
		if host.Error != nil {
			one.DNSError = host.Error.Error()
			one.FailingSecondsAgo = secondsAgo(host.FailingFor, 0)
		}
		described.Servers = append(described.Servers, one)
		for _, address := range host.Addresses {
			pod := server.podAt(address)
			if _, known := pods[pod.address]; !known {
				pods[pod.address] = status.Pod{Pod: pod.address.String(), Server: server.hostport, Generation: server.generation(address), Verdict: status.Alive}
			}
		}
	}
	return described
}

// Idle says whether the pods at an address have been without a request for that long.
func (s *shared) Idle(pod netip.Addr, idle time.Duration) (answer status.Idle, wait time.Duration, known bool, err error) {
	known = slices.ContainsFunc(s.sources.inForce(), func(source *Source) bool {
		_, known := source.router.Lookup(pod)
		return known
	})
	if !known {
		return answer, 0, false, nil
	}
	const started = 0 // the clock began when pods began to be watched
	now := s.now()
	found, err := s.pods.Idle(pod, idle, started, now)
	if err != nil {
		return answer, 0, true, err
	}
	answer = status.Idle{Pod: pod.String(), InFlight: found.InFlight, Streams: found.Streams}
	switch found.Answer {
	case doors.IdleYes:
		answer.Answer = status.IsIdle
	case doors.IdleJustStarted:
		answer.Answer = status.JustStarted
	default:
		answer.Answer = status.Busy
	}
	if found.InFlight == 0 {
		answer.IdleSeconds = seconds(max(now-max(found.LastSeen, started), 0))
	}
	return answer, found.Wait, true, nil
}

// sample records how many streams are open, until there is no source any more.
func (s *shared) sample() {
	ticker := time.NewTicker(status.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-ticker.C:
		}
		known, err := s.pods.List()
		if err != nil {
			continue // a gap in a picture
		}
		sources := s.sources.inForce()
		fresh, others := 0, 0
		for _, pod := range known {
			switch {
			case pod.Streams == 0:
			case generationOf(serverOf(sources, pod), pod.Pod) == status.Fresh:
				fresh += pod.Streams
			default:
				others += pod.Streams
			}
		}
		s.recorder.Add(fresh, others)
	}
}

// Interface guard
var _ status.Reporter = (*shared)(nil)
