package metrics

import (
	"net/http"

	"github.com/doors-dev/doors-caddy/routing"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

var (
	gone        = newCounters("gone_total", "Requests answered with 410, by reason and path. The reason page_gone counts answers of pods, all others those of Caddy.", "reason", "path")
	unavailable = newCounters("unavailable_total", "Requests that Caddy answered with 503, by reason and path.", "reason", "path")
)

// PageGone is the reason of a 410 from the pod itself: the page has ended there.
const PageGone = "page_gone"

// answered are the counters of one cause. Cause 0 stands for the pod's own 410.
type answered struct {
	gone, unavailable [routing.PathOther + 1]prometheus.Counter // by kind of path; nil if there is no such answer
}

var causes = func() (table [routing.CauseDrainMax + 1]answered) {
	for cause := range table {
		for path := routing.PathPage; path <= routing.PathOther; path++ {
			reason, label := routing.Cause(cause).String(), path.String()
			if cause == 0 {
				reason = PageGone
			} else if !leaving(routing.Cause(cause)) {
				table[cause].unavailable[path] = unavailable.WithLabelValues(reason, label)
			}
			if path == routing.PathSync || path != routing.PathPage && !leaving(routing.Cause(cause)) {
				table[cause].gone[path] = gone.WithLabelValues(reason, label)
			}
		}
	}
	return table
}()

// leaving reports whether the cause tells a page to leave a working pod. That is a 410 to its
// stream only, and never 503.
func leaving(cause routing.Cause) bool {
	return cause == routing.CauseEvicted || cause == routing.CauseDrainMax
}

// CauseOf returns the cause of a gone decision, or 0 if the reason is not one of them.
func CauseOf(reason routing.Reason) routing.Cause {
	switch reason {
	case routing.ReasonMalformed:
		return routing.CauseTokenMalformed
	case routing.ReasonRefused:
		return routing.CauseTokenRefused
	case routing.ReasonNoCIDR:
		return routing.CauseNoCIDR
	default:
		return 0
	}
}

// Answered counts an answer of Caddy itself.
func Answered(cause routing.Cause, status int, path routing.Path) {
	if cause == 0 || int(cause) >= len(causes) || int(path) >= len(causes[cause].gone) {
		return
	}
	counter := causes[cause].unavailable[path]
	if status == http.StatusGone {
		counter = causes[cause].gone[path]
	}
	if counter != nil {
		counter.Inc()
	}
}

// PodAnswered counts the answer of a pod to one of its pages, if it is 410.
func PodAnswered(status int, path routing.Path) {
	if status == http.StatusGone && int(path) < len(causes[0].gone) && causes[0].gone[path] != nil {
		causes[0].gone[path].Inc()
	}
}

// Answers returns how often Caddy answered 410 and 503, by reason, and how many answers of Caddy
// and of pods made a page reload: 410 to its streams, hooks and history steps, and 503 to history
// steps.
func Answers() (goneBy, unavailableBy, reloadsBy map[string]uint64) {
	goneBy, unavailableBy, reloadsBy = make(map[string]uint64), make(map[string]uint64), make(map[string]uint64)
	for cause := range causes {
		reason := routing.Cause(cause).String()
		if cause == 0 {
			reason = PageGone
		} else {
			goneBy[reason] = total(causes[cause].gone[:]...)
			if !leaving(routing.Cause(cause)) {
				unavailableBy[reason] = total(causes[cause].unavailable[:]...)
			}
		}
		reloadsBy[reason] = total(causes[cause].gone[routing.PathSync], causes[cause].gone[routing.PathHook], causes[cause].gone[routing.PathHistory],
			causes[cause].unavailable[routing.PathHistory])
	}
	return goneBy, unavailableBy, reloadsBy
}

// total adds up counters. It skips nil.
func total(counters ...prometheus.Counter) (sum uint64) {
	for _, counter := range counters {
		var metric dto.Metric
		if counter != nil && counter.Write(&metric) == nil { // always succeeds
			sum += uint64(metric.GetCounter().GetValue())
		}
	}
	return sum
}
