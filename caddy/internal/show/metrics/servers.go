// In: servers that get their first request.
// Out: their labels, of which there are few however many servers there are.

package metrics

import "sync"

// MaxServers is how many servers have a label of their own, the first that get a request; those that come later share
// the label "other".
const MaxServers = 100

var (
	serverLabels  = newLabels(MaxServers)
	serverNumbers sync.Map // the number of a server in groups of pods -> its label, for those that have one of their own
)

// Server returns the label of a server, host:port as configured, which from now on stands for its number as well.
func Server(hostport string, number uint64) string {
	label := serverLabels.of(hostport)
	if label != other {
		serverNumbers.Store(number, label)
	}
	return label
}

// Labelled tells whether a server has a label of its own, by its number.
func Labelled(number uint64) bool { return labelOf(number) != other }

// labelOf returns the label of a server by its number.
func labelOf(number uint64) string {
	if label, ok := serverNumbers.Load(number); ok {
		return label.(string)
	}
	return other
}
