package show

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/doors-dev/doors-caddy/routing"
	"go.uber.org/zap"
)

// Evict starts or changes an eviction, and returns the evictions with its target.
func (r *Reporter) Evict(order status.Order) ([]status.Eviction, error) {
	sources := r.process.InForce()
	if len(sources) == 0 {
		return nil, status.Refuse(http.StatusConflict, "the running configuration has no doors_upstream source, so there is nothing to evict")
	}
	if pod := order.Pod; pod.IsValid() && !slices.ContainsFunc(sources, func(source Source) bool {
		_, known := source.Loaded().Router.Lookup(pod)
		return known
	}) {
		return nil, status.Refuse(http.StatusNotFound, pod.String()+" is in no network of an upstream")
	}
	orders, err := r.evictionsOf(order.Target)
	if err != nil {
		return nil, err
	}
	for _, one := range orders {
		one.Rate, one.IdleFirst = order.Rate, order.IdleFirst
		if err := r.process.Known().Evict(one, r.process.Now()); err != nil {
			return nil, refusedBy(err)
		}
	}
	logger().Info("evicting pods",
		zap.Stringer("target", order.Target), zap.Uint32("rate", order.Rate), zap.Bool("idle_first", order.IdleFirst))
	return r.Evictions(order.Target)
}

// Undo ends evictions and returns them.
func (r *Reporter) Undo(target status.Target) (undone []status.Eviction, err error) {
	orders, err := r.evictionsOf(target)
	if err != nil {
		return nil, err
	}
	if undone, err = r.Evictions(target); err != nil || len(undone) == 0 {
		return undone, err
	}
	told := uint64(0)
	for _, one := range undone {
		told += one.Told
	}
	for _, one := range orders {
		err := r.process.Known().Undo(one, r.process.Now())
		if err != nil && !errors.Is(err, routing.StatusNoMatch) {
			return nil, refusedBy(err)
		}
	}
	logger().Info("eviction undone", zap.Stringer("target", target), zap.Uint64("told_to_reload", told))
	return undone, nil
}

// Evictions returns the evictions with a target, or all for the zero value.
func (r *Reporter) Evictions(target status.Target) ([]status.Eviction, error) {
	described := []status.Eviction{}
	wanted, err := r.evictionsOf(target)
	if err != nil {
		return nil, err
	}
	now := r.process.Now()
	pods, err := r.pods()
	if err != nil {
		return nil, err
	}
	for _, eviction := range r.process.Known().Evictions() {
		if target == (status.Target{}) || slices.ContainsFunc(wanted, func(one routing.Eviction) bool { return sameTarget(one, eviction) }) {
			described = append(described, r.describeEviction(eviction, pods, now))
		}
	}
	return described, nil
}

func sameTarget(a, b routing.Eviction) bool {
	return a.Network == b.Network && a.Upstream == b.Upstream
}

// evictionsOf returns the library's evictions for a target. There are several if upstreams have the
// same name.
func (r *Reporter) evictionsOf(target status.Target) (evictions []routing.Eviction, err error) {
	network := target.Network
	if target.Pod.IsValid() {
		network = netip.PrefixFrom(target.Pod, target.Pod.BitLen())
	}
	if target.Upstream == "" {
		return []routing.Eviction{{Network: network}}, nil
	}
	add := func(number uint64) {
		if one := (routing.Eviction{Network: network, Upstream: number}); !slices.Contains(evictions, one) {
			evictions = append(evictions, one)
		}
	}
	for _, source := range r.process.InForce() {
		for i := range source.Loaded().Router.Upstreams() {
			if upstream := source.Upstream(i); upstream.Hostport == target.Upstream {
				r.named.Store(upstream.Number, upstream.Hostport)
				add(upstream.Number)
			}
		}
	}
	for number, name := range r.named.Range {
		if name == target.Upstream { // it may have left the configuration
			add(number.(uint64))
		}
	}
	if len(evictions) == 0 {
		return nil, status.Refuse(http.StatusNotFound, "upstream: not in the running configuration; write host:port as configured, such as svc.example:8080")
	}
	return evictions, nil
}

// refusedBy returns the answer to an order that the library rejects.
func refusedBy(err error) error {
	switch {
	case errors.Is(err, routing.StatusTooMany):
		return status.Refuse(http.StatusConflict, "the limit of 256 evictions is reached; end one of them first")
	case errors.Is(err, routing.StatusCIDR), errors.Is(err, routing.StatusAddress):
		return status.Refuse(http.StatusBadRequest, "network: "+err.Error())
	}
	return err
}

// describeEviction describes an eviction and the progress of its pods.
func (r *Reporter) describeEviction(eviction routing.Eviction, pods []routing.KnownPod, now time.Duration) status.Eviction {
	described := status.Eviction{
		Upstream: r.nameOf(eviction.Upstream), Rate: eviction.Rate, IdleFirst: eviction.IdleFirst,
		SinceSecondsAgo: *secondsAgo(now, eviction.Since), Told: eviction.Told,
	}
	if eviction.Network.IsValid() {
		described.Network = eviction.Network.String()
	}
	for _, pod := range pods {
		switch {
		case eviction.Network.IsValid() && !eviction.Network.Contains(pod.Pod.Addr()), eviction.Upstream != 0 && eviction.Upstream != pod.Upstream:
		case isDrained(pod, now):
			described.Drained++
		default:
			described.Draining++
			described.Pages += pod.Streams
		}
	}
	return described
}

// nameOf returns the name of an upstream that an operator has evicted.
func (r *Reporter) nameOf(number uint64) string {
	name, _ := r.named.Load(number)
	text, _ := name.(string)
	return text
}

// describeEvents describes the last events.
func (r *Reporter) describeEvents(sources []Source, now time.Duration) []status.Event {
	events := []status.Event{}
	for _, event := range r.process.Known().Events(0) {
		described := status.Event{Number: event.Number, SecondsAgo: *secondsAgo(now, event.At), Event: event.Kind.String(), Pages: event.Pages, Upstream: r.nameOf(event.Upstream)}
		if event.Network.IsValid() {
			described.Network = event.Network.String()
		}
		if event.Pod.IsValid() {
			described.Pod = event.Pod.String()
			if upstream := upstreamOf(sources, routing.KnownPod{Pod: event.Pod, Upstream: event.Upstream}); upstream != nil {
				described.Upstream = upstream.Hostport
			}
		}
		events = append(events, described)
	}
	return events
}

// logOver logs each eviction whose pods have drained, once. over holds those that were logged.
func (r *Reporter) logOver(over map[routing.Eviction]bool, pods []routing.KnownPod) {
	now, seen := r.process.Now(), make(map[routing.Eviction]bool)
	for _, eviction := range r.process.Known().Evictions() {
		key := routing.Eviction{Network: eviction.Network, Upstream: eviction.Upstream, Since: eviction.Since}
		seen[key] = true
		described := r.describeEviction(eviction, pods, now)
		if described.Draining > 0 || described.Drained == 0 || over[key] {
			continue
		}
		over[key] = true
		logger().Info("evicted pods have no pages left", zap.String("network", described.Network), zap.String("upstream", described.Upstream),
			zap.Int("pods", described.Drained), zap.Uint64("told_to_reload", described.Told))
	}
	for key := range over {
		if !seen[key] {
			delete(over, key)
		}
	}
}

// logger returns the logger of the admin API. Do not keep it: a reload may close its file.
func logger() *zap.Logger { return caddy.Log().Named("admin.api.doors") }

// Interface guard
var _ status.Evictor = (*Reporter)(nil)
