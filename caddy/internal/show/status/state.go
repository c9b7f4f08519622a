// In: nothing.
// Out: the types of the JSON, whose names are documented and do not change.

package status

// State is the document that `GET /state` of doors_status and `GET /doors` of the admin API answer with. All times are in seconds
// before the answer was made, so that no clocks have to agree.
type State struct {
	// For how long this process has watched pods, across reloads of the configuration.
	UptimeSeconds float64 `json:"uptime_seconds"`

	// For how long a page may be silent: the longest `session_time` of the sources.
	SessionSeconds float64 `json:"session_seconds"`

	// The doors_upstream sources of the running configuration.
	Sources []Source `json:"sources"`

	// Each pod that a request was sent to, and each that a host resolves to now, in order of address: `max_pods` at most, of which
	// the least recently used are forgotten first, and one for each address in DNS.
	Pods []Pod `json:"pods"`

	// What is going on with the pods.
	Rollout Rollout `json:"rollout"`

	// What operators evict, the oldest first: 256 at most. It lasts across reloads of the configuration, and until the process ends.
	Evictions []Eviction `json:"evictions"`

	// What happened to pods last, the oldest first: 256 at most.
	Events []Event `json:"events"`

	// What Caddy answered in place of pods, and what made pages reload, since the process began.
	Answers Answers `json:"answers"`

	// The open streams of the last ten minutes.
	History History `json:"history"`
}

// Source is one doors_upstream source.
type Source struct {
	// The keys of its secret, in the order of the configuration.
	Keys []Key `json:"keys"`

	// The cookie in which apps keep the token of the browser's pod; empty if there is none.
	CookieName string `json:"cookie_name"`

	// Its upstreams, in the order of the configuration. Of a source with more than 1,000 only those that are in use, and of these
	// the first 1,000.
	Upstreams []Upstream `json:"upstreams"`

	// How many upstreams it has.
	UpstreamsTotal int `json:"upstreams_total"`
}

// MaxUpstreams is how many upstreams of one source a State shows.
const MaxUpstreams = 1000

// Key names one key without giving it away.
type Key struct {
	// Its place in `secret`, from 0. The first key encrypts.
	Position int `json:"position"`

	// The first 8 hexadecimal digits of SHA-256 over `doors-key-id` and the key. Both sides of a rollout can compare it.
	ID string `json:"id"`
}

// Upstream is one `upstream` of a source.
type Upstream struct {
	// Host and port as configured: what the `upstream` of a pod refers to.
	Upstream string `json:"upstream"`

	// The networks of its pods.
	CIDRs []string `json:"cidrs"`

	// What `host` resolves to now, in order; empty while nothing is known.
	Addresses []string `json:"addresses"`

	// When the last answer with addresses came. Absent before the first one, and for a host that is an address.
	ResolvedSecondsAgo *float64 `json:"resolved_seconds_ago,omitempty"`

	// Whether the host is being looked up: it is while requests or readers of this document ask for it.
	Resolving bool `json:"resolving"`

	// Why the last lookup failed; absent when it did not.
	DNSError string `json:"dns_error,omitempty"`

	// Since when lookups have been failing.
	FailingSecondsAgo *float64 `json:"failing_seconds_ago,omitempty"`
}

// Pod is one address and port.
type Pod struct {
	// Its address and port.
	Pod string `json:"pod"`

	// The upstream it belongs to; empty if no upstream of the running configuration has it.
	Upstream string `json:"upstream"`

	// Whether its upstream's host resolves to it now.
	Generation Generation `json:"generation"`

	// Whether it is draining and either gone, or without a request and a stream for a third longer than `roll_time`: no page is open on it,
	// but for those in tabs that are hidden for long.
	Drained bool `json:"drained"`

	// Since when it gets no new pages, since when it has drained, and since when it is evicted. Absent while it is not.
	DrainingSecondsAgo *float64 `json:"draining_seconds_ago,omitempty"`
	DrainedSecondsAgo  *float64 `json:"drained_seconds_ago,omitempty"`
	EvictedSecondsAgo  *float64 `json:"evicted_seconds_ago,omitempty"`

	// What is held against it.
	Verdict Verdict `json:"verdict"`

	// Since when it cannot be reached. Absent while nothing is held against it.
	UnreachableSecondsAgo *float64 `json:"unreachable_seconds_ago,omitempty"`

	// Requests that are being served by it now, its streams included.
	InFlight int `json:"in_flight"`

	// Receiver streams that are open now. Each open page has one, and for a moment two when it changes to the next.
	Streams int `json:"streams"`

	// Dials that it has refused.
	RefusedDials uint64 `json:"refused_dials"`

	// When the first and the last thing happened to it: a request sent or ended, or a dial. Absent if nothing has.
	FirstSeenSecondsAgo *float64 `json:"first_seen_seconds_ago,omitempty"`
	LastSeenSecondsAgo  *float64 `json:"last_seen_seconds_ago,omitempty"`
}

// Rollout sums up the pods.
type Rollout struct {
	// How many pods are draining and have not drained.
	Draining int `json:"draining"`

	// How many receiver streams are open on them: about one for each page on a screen.
	Pages int `json:"pages"`

	// How many have drained.
	Drained int `json:"drained"`

	// Since when the first of the pods that are draining does, or else the last one has drained. Absent when there is neither.
	SinceSecondsAgo *float64 `json:"since_seconds_ago,omitempty"`

	// The same in one line, for people. Its words may change.
	Headline string `json:"headline"`
}

// Eviction is pods that an operator evicts: they get no new pages while there are other pods, and their pages are told to reload.
type Eviction struct {
	// The network of the pods, of one pod with all bits; empty for all of the upstream.
	Network string `json:"network,omitempty"`

	// The upstream of the pods; empty for any.
	Upstream string `json:"upstream,omitempty"`

	// How many pages of an upstream are told to reload in a second; 0 for `gone_rate`.
	Rate uint32 `json:"rate"`

	// Whether pages that were not used for longest go first.
	IdleFirst bool `json:"idle_first"`

	// Since when.
	SinceSecondsAgo float64 `json:"since_seconds_ago"`

	// How many pages were told to reload.
	Told uint64 `json:"told"`

	// As in the rollout, of its pods: how many have not drained, the receiver streams that are open on them, and how many have drained.
	Draining int `json:"draining"`
	Pages    int `json:"pages"`
	Drained  int `json:"drained"`
}

// Event is something that happened to a pod, or to the pods of an eviction.
type Event struct {
	// Counts the events, from 1.
	Number uint64 `json:"number"`

	// When.
	SecondsAgo float64 `json:"seconds_ago"`

	// What.
	Event string `json:"event"`

	// The pod, address and port; the network of an eviction. At most one of them is there.
	Pod     string `json:"pod,omitempty"`
	Network string `json:"network,omitempty"`

	// Its upstream; empty if the running configuration does not have it.
	Upstream string `json:"upstream,omitempty"`

	// How many receiver streams it had.
	Pages int `json:"pages"`
}

// Generation tells new pods from those that a rollout is replacing.
type Generation string

// The generations.
const (
	Fresh    Generation = "fresh"    // in DNS: new pages go there
	Outside  Generation = "outside"  // in DNS, but outside its upstream's networks: it gets new pages only while there is no other
	Draining Generation = "draining" // no longer in DNS, or it says so, or it is evicted: only the pages that it has, and new ones while there is no other pod
	Unknown  Generation = "unknown"  // nothing is known about its host, or it belongs to no upstream
)

// Verdict is what is held against a pod.
type Verdict string

// The verdicts.
const (
	Alive       Verdict = "alive"       // nothing
	Unreachable Verdict = "unreachable" // the last dials failed; its pages are told to try again
	Gone        Verdict = "gone"        // it is dead; its pages are told to reload
)

// Answers counts answers by reason: the `reason` of the metrics gone_total and unavailable_total.
type Answers struct {
	// What Caddy answered 410 in place of a pod.
	Gone map[string]uint64 `json:"gone"`

	// What Caddy answered 503 in place of a pod. A pod or all pods cannot be reached, or a 410 was held back to spread reloads.
	Unavailable map[string]uint64 `json:"unavailable"`

	// Answers that made a page reload: 410 to its streams, hooks and steps in the history, and 503 to such a step. With the reason page_gone they
	// are answers of pods.
	Reloads map[string]uint64 `json:"reloads"`
}

// History is how many streams were open over the last minutes, the oldest first.
type History struct {
	// The time between two samples.
	IntervalSeconds float64 `json:"interval_seconds"`

	// Streams that were open to fresh pods, and to all others.
	Fresh    []int `json:"fresh"`
	Draining []int `json:"draining"`
}

// Idle answers whether a pod may be ended: the body of `GET /pods/{ip}`.
type Idle struct {
	// The pod's address.
	Pod string `json:"pod"`

	// The answer.
	Answer IdleAnswer `json:"answer"`

	// Requests that are being served by it now, and how many of them are receiver streams.
	InFlight int `json:"in_flight"`
	Streams  int `json:"streams"`

	// For how long there has been no request; 0 while there is one. It cannot be longer than the process has watched.
	IdleSeconds float64 `json:"idle_seconds"`
}

// IdleAnswer is the answer in one word.
type IdleAnswer string

// The answers.
const (
	IsIdle      IdleAnswer = "idle"         // no request for as long as was asked
	Busy        IdleAnswer = "busy"         // a request now, or one not long enough ago
	JustStarted IdleAnswer = "just_started" // none seen, but this process has not watched for that long
)
