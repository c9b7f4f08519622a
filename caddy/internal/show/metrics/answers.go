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

// causes holds the counters of each cause.
var causes = func() (table [doors.CauseOwnFault + 1]struct{ gone, unavailable prometheus.Counter }) {
	for cause := doors.CauseTokenMalformed; cause <= doors.CauseOwnFault; cause++ {
		table[cause].gone, table[cause].unavailable = gone.WithLabelValues(cause.String()), unavailable.WithLabelValues(cause.String())
	}
	return table
}()

// CauseOf is the cause for a token that leads nowhere; 0 for a reason that is none.
func CauseOf(reason doors.Reason) doors.Cause {
	switch reason {
	case doors.ReasonMalformed:
		return doors.CauseTokenMalformed
	case doors.ReasonRefused:
		return doors.CauseTokenRefused
	case doors.ReasonNoCIDR:
		return doors.CauseNoCIDR
	default:
		return 0
	}
}

// Answered counts an answer with this status.
func Answered(cause doors.Cause, status int) {
	switch {
	case cause == 0 || int(cause) >= len(causes):
	case status == http.StatusGone:
		causes[cause].gone.Inc()
	default:
		causes[cause].unavailable.Inc()
	}
}

// Answers returns how many requests were answered 410 and 503, by reason.
func Answers() (goneBy, unavailableBy map[string]uint64) {
	goneBy, unavailableBy = make(map[string]uint64, len(causes)), make(map[string]uint64, len(causes))
	for cause := doors.CauseTokenMalformed; cause <= doors.CauseOwnFault; cause++ {
		goneBy[cause.String()], unavailableBy[cause.String()] = valueOf(causes[cause].gone), valueOf(causes[cause].unavailable)
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
