package metrics

import (
	"strconv"

	"github.com/doors-dev/doors-caddy/routing"
	"github.com/prometheus/client_golang/prometheus"
)

var opened = newCounters("tokens_opened_total",
	"Tokens opened, by the position of the key in `secret` from 0, its ID, and the place of the token (path, cookie).", "key", "key_id", "from")

// MaxKeys is how many keys get their own label. Later ones share the label "other".
const MaxKeys = 100

var keyLabels = newLabels(MaxKeys)

// Keys are the counters of a source's keys, by index. They show when an old key is no longer used.
type Keys []struct{ path, cookie prometheus.Counter }

// KeysOf returns the counters for key identifiers.
func KeysOf(ids []string) Keys {
	keys := make(Keys, len(ids))
	for i, id := range ids {
		position := strconv.Itoa(i)
		if keyLabels.of(position+" "+id) == other {
			position, id = other, other
		}
		keys[i].path = opened.WithLabelValues(position, id, "path")
		keys[i].cookie = opened.WithLabelValues(position, id, "cookie")
	}
	return keys
}

// Opened counts the use of the key that opened the token of a decision, if one did.
func (k Keys) Opened(decision routing.Decision) {
	switch {
	case decision.Key < 0 || decision.Key >= len(k):
	case decision.Path == routing.PathPage:
		k[decision.Key].cookie.Inc()
	default:
		k[decision.Key].path.Inc()
	}
}
