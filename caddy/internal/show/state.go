package show

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/advice"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/doors-dev/doors-caddy/routing"
)

// Process is the state of the process. It is safe for concurrent use.
type Process interface {
	// Now returns the time on the clock of the state.
	Now() time.Duration
	// Known returns the library's state.
	Known() *routing.State
	// Failure returns why the last lookup of a host failed, or nil if it succeeded.
	Failure(host uint64) *dns.Failure
	// InForce returns the sources of the configuration that Caddy runs.
	InForce() []Source
}

// Source is an upstream source.
type Source interface {
	// Loaded returns the parsed configuration.
	Loaded() *config.Loaded
	// Upstream returns the upstream with this index.
	Upstream(index int) *Upstream
}

// Reporter describes the state of a process.
type Reporter struct {
	process  Process
	recorder status.Recorder
	named    sync.Map // numbers of upstreams that operators have named -> names
}

// NewReporter returns a reporter for a process.
func NewReporter(process Process) *Reporter { return &Reporter{process: process} }

// State describes everything. It keeps the lookups of the shown pods' hosts going.
func (r *Reporter) State() (*status.State, error) {
	now := r.process.Now()
	sources := r.process.InForce()
	pods, inUse, err := r.describePods(sources, now)
	if err != nil {
		return nil, err
	}
	state := &status.State{
		UptimeSeconds:  seconds(now),
		SessionSeconds: seconds(session(sources)),
		Sources:        make([]status.Source, len(sources)),
		Pods:           make([]status.Pod, 0, len(pods)),
		Answers:        answers(),
		Events:         r.describeEvents(sources, now),
		History:        r.recorder.History(),
	}
	if state.Evictions, err = r.Evictions(status.Target{}); err != nil {
		return nil, err
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
	state.Rollout = status.RolloutOf(state.Pods)
	return state, nil
}

// session returns how long a page of any source may be silent.
func session(sources []Source) time.Duration {
	if len(sources) == 0 {
		return advice.Session(new(config.Options))
	}
	longest := time.Duration(0)
	for _, source := range sources {
		longest = max(longest, advice.Session(&source.Loaded().Options))
	}
	return longest
}

// answers returns the counts of Caddy's own answers.
func answers() (counted status.Answers) {
	counted.Gone, counted.Unavailable, counted.Reloads = metrics.Answers()
	return counted
}

// secondsAgo returns the seconds from then to now, at least 0: an event may come after now was
// read.
func secondsAgo(now, then time.Duration) *float64 {
	ago := seconds(max(now-then, 0))
	return &ago
}

// seconds returns a duration in seconds, with milliseconds.
func seconds(duration time.Duration) float64 { return float64(duration.Milliseconds()) / 1000 }

// describeSource describes a source. It adds the pods that its hosts resolve to and that no request
// has used.
func describeSource(source Source, inUse map[*Upstream]bool, pods map[netip.AddrPort]status.Pod) status.Source {
	loaded := source.Loaded()
	total := loaded.Router.Upstreams()
	described := status.Source{
		Keys:           []status.Key{},
		CookieName:     loaded.CookieName,
		Upstreams:      []status.Upstream{},
		UpstreamsTotal: total,
	}
	for position, id := range loaded.Router.KeyIDs() {
		described.Keys = append(described.Keys, status.Key{Position: position, ID: id})
	}
	for i := range total {
		upstream := source.Upstream(i)
		host, failure := upstream.knownHost()
		if total > status.MaxUpstreams && !inUse[upstream] && !host.Active {
			continue
		}
		if len(described.Upstreams) == status.MaxUpstreams {
			break
		}
		one := status.Upstream{Upstream: upstream.Hostport, CIDRs: loaded.CIDRs[i], Addresses: Texts(host.Addresses), Resolving: host.Active}
		if host.Age != routing.Never {
			one.ResolvedSecondsAgo = secondsAgo(host.Age, 0)
		}
		if failure != nil {
			one.DNSError = failure.Error()
			one.FailingSecondsAgo = secondsAgo(host.FailingFor, 0)
		}
		described.Upstreams = append(described.Upstreams, one)
		for _, address := range host.Addresses {
			at := netip.AddrPortFrom(address, upstream.Port)
			if _, known := pods[at]; !known {
				pods[at] = status.Pod{Pod: at.String(), Upstream: upstream.Hostport, Generation: generation(upstream, address), Verdict: status.Alive}
			}
		}
	}
	return described
}

// Idle reports whether the pods at an address have had no request for that long.
func (r *Reporter) Idle(pod netip.Addr, idle time.Duration) (answer status.Idle, wait time.Duration, known bool, err error) {
	known = slices.ContainsFunc(r.process.InForce(), func(source Source) bool {
		_, known := source.Loaded().Router.Lookup(pod)
		return known
	})
	if !known {
		return answer, 0, false, nil
	}
	const started = 0 // the clock starts when the process begins to watch pods
	now := r.process.Now()
	found, err := r.process.Known().Idle(pod, idle, started, now)
	if err != nil {
		return answer, 0, true, err
	}
	answer = status.Idle{Pod: pod.String(), InFlight: found.InFlight, Streams: found.Streams}
	switch found.Answer {
	case routing.IdleYes:
		answer.Answer = status.IsIdle
	case routing.IdleJustStarted:
		answer.Answer = status.JustStarted
	default:
		answer.Answer = status.Busy
	}
	if found.InFlight == 0 {
		answer.IdleSeconds = seconds(max(now-max(found.LastSeen, started), 0))
	}
	return answer, found.Wait, true, nil
}

// Sample records the number of open streams and logs finished evictions until ended is closed.
func (r *Reporter) Sample(ended <-chan struct{}) {
	ticker := time.NewTicker(status.Interval)
	defer ticker.Stop()
	over := make(map[routing.Eviction]bool)
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
		known, err := r.pods()
		if err != nil {
			continue // leave a gap in the history
		}
		sources := r.process.InForce()
		fresh, others := 0, 0
		for _, pod := range known {
			switch {
			case pod.Streams == 0:
			case generationOf(upstreamOf(sources, pod), pod) == status.Fresh:
				fresh += pod.Streams
			default:
				others += pod.Streams
			}
		}
		r.recorder.Add(fresh, others)
		r.logOver(over, known)
	}
}

// Interface guard
var _ status.Reporter = (*Reporter)(nil)
