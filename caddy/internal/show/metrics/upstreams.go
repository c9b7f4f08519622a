package metrics

import "sync"

// MaxUpstreams is how many upstreams get their own label: the first that get a request. Later ones
// share the label "other".
const MaxUpstreams = 100

var (
	upstreamLabels  = newLabels(MaxUpstreams)
	upstreamNumbers sync.Map // numbers of upstreams -> their own labels
)

// Upstream returns the label of an upstream, which is hostport while there is room. From then on it
// is the label of the number, too.
func Upstream(hostport string, number uint64) string {
	label := upstreamLabels.of(hostport)
	if label != other {
		upstreamNumbers.Store(number, label)
	}
	return label
}

// Labelled reports whether the upstream with this number has its own label.
func Labelled(number uint64) bool { return labelOf(number) != other }

// labelOf returns the label of the upstream with this number.
func labelOf(number uint64) string {
	if label, ok := upstreamNumbers.Load(number); ok {
		return label.(string)
	}
	return other
}
