// In: why a request is answered by Caddy itself.
// Out: counters of 410 and 503, by reason.

package metrics

import (
	"net/http"

	"github.com/doors-dev/doors-caddy/go"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

var (
	gone        = newCounters("gone_total", "Requests answered 410, by reason: their page reloads.", "reason")
	unavailable = newCounters("unavailable_total", "Requests answered 503, by reason: their page tries again.", "reason")
)

// Cause is why a request is answered by Caddy itself.
type Cause struct {
	name              string
	gone, unavailable prometheus.Counter
}

// The causes other than a token that leads nowhere.
var (
	PodGone        = newCause("pod_gone")        // its pod is dead
	PodUnreachable = newCause("pod_unreachable") // no route to its pod, or no answer; it may be a blip
	OwnFault       = newCause("own_fault")       // Caddy's side failed: file descriptors, a forward proxy
	PodDropped     = newCause("pod_dropped")     // its pod accepted the connection and ended it without an answer
	NoFreshPod     = newCause("no_fresh_pod")    // the host resolves to nothing
	NoPod          = newCause("no_pod")          // no pod can be reached that would take the page
)

// causes are all of them.
var causes []*Cause

func newCause(name string) *Cause {
	cause := &Cause{name, gone.WithLabelValues(name), unavailable.WithLabelValues(name)}
	causes = append(causes, cause)
	return cause
}

var refused = map[doors.Reason]*Cause{
	doors.ReasonMalformed: newCause("token_malformed"),
	doors.ReasonRefused:   newCause("token_refused"), // no key opens it
	doors.ReasonNoCIDR:    newCause("no_cidr"),       // its address is in no network
}

// Refused is the cause for a token that leads nowhere; nil for a reason that is none.
func Refused(reason doors.Reason) *Cause { return refused[reason] }

// Answered counts an answer with this status.
func (c *Cause) Answered(status int) {
	switch {
	case c == nil:
	case status == http.StatusGone:
		c.gone.Inc()
	default:
		c.unavailable.Inc()
	}
}

// String is the label's value; "" for nil.
func (c *Cause) String() string {
	if c == nil {
		return ""
	}
	return c.name
}

// Answers returns how many requests were answered 410 and 503, by reason.
func Answers() (goneBy, unavailableBy map[string]uint64) {
	goneBy, unavailableBy = make(map[string]uint64, len(causes)), make(map[string]uint64, len(causes))
	for _, cause := range causes {
		goneBy[cause.name], unavailableBy[cause.name] = valueOf(cause.gone), valueOf(cause.unavailable)
	}
	return goneBy, unavailableBy
}

func valueOf(counter prometheus.Counter) uint64 {
	var metric dto.Metric
	if err := counter.Write(&metric); err != nil {
		return 0 // a counter always has a value
	}
	return uint64(metric.GetCounter().GetValue())
}
