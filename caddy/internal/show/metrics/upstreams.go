// In: upstreams that get their first request.
// Out: their labels, of which there are few however many upstreams there are.

package metrics

import "sync"

// MaxUpstreams is how many upstreams have a label of their own, the first that get a request; those that come later share
// the label "other".
const MaxUpstreams = 100

var (
	upstreamLabels  = newLabels(MaxUpstreams)
	upstreamNumbers sync.Map // the number of an upstream in groups of pods -> its label, for those that have one of their own
)

// Upstream returns the label of an upstream, host:port as configured, which from now on stands for its number as well.
func Upstream(hostport string, number uint64) string {
	label := upstreamLabels.of(hostport)
	if label != other {
		upstreamNumbers.Store(number, label)
	}
	return label
}

// Labelled tells whether an upstream has a label of its own, by its number.
func Labelled(number uint64) bool { return labelOf(number) != other }

// labelOf returns the label of an upstream by its number.
func labelOf(number uint64) string {
	if label, ok := upstreamNumbers.Load(number); ok {
		return label.(string)
	}
	return other
}
