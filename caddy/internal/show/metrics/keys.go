// In: the keys of a source, and the one that opened a token.
// Out: a counter for each key, so that one can see when an old key is no longer in use.

package metrics

import (
	"strconv"

	"github.com/doors-dev/doors-caddy/routing"
	"github.com/prometheus/client_golang/prometheus"
)

var opened = newCounters("tokens_opened_total",
	"Tokens opened, by the key's position in `secret` from 0, by its ID, and by where the token was found (path, cookie).", "key", "key_id", "from")

// MaxKeys is how many keys have a label of their own; those that come later share the label "other".
const MaxKeys = 100

var keyLabels = newLabels(MaxKeys)

// Keys are the counters of a source's keys, by position.
type Keys []struct{ path, cookie prometheus.Counter }

// KeysOf makes the counters for the IDs of keys.
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

// Opened counts the token that a key opened for this decision, if one did.
func (k Keys) Opened(decision routing.Decision) {
	switch {
	case decision.Key < 0 || decision.Key >= len(k):
	case decision.Path == routing.PathPage:
		k[decision.Key].cookie.Inc()
	default:
		k[decision.Key].path.Inc()
	}
}
