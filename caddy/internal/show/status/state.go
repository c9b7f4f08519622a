package status

// State is the document at `GET /state` of doors_status and `GET /doors` of the admin API. All
// times are in seconds before the answer, so clocks need not agree. Names of members are documented
// and do not change.
type State struct {
	// How long this process has been watching pods, reloads included.
	UptimeSeconds float64 `json:"uptime_seconds"`

	// How long a page may be silent: the longest `session_time` of all sources.
	SessionSeconds float64 `json:"session_seconds"`

	// The doors_upstream sources of the running configuration.
	Sources []Source `json:"sources"`

	// All known pods and all addresses in DNS, ordered by address. At most `max_pods` pods are
	// known; the least recently used are forgotten first.
	Pods []Pod `json:"pods"`

	// A summary of the pods.
	Rollout Rollout `json:"rollout"`

	// The evictions, oldest first: at most 256. They survive reloads of the configuration, but not
	// the process.
	Evictions []Eviction `json:"evictions"`

	// The last events of pods, oldest first: at most 256.
	Events []Event `json:"events"`

	// Caddy's own answers, and the answers that made pages reload, since the process started.
	Answers Answers `json:"answers"`

	// The open streams of the last ten minutes.
	History History `json:"history"`
}

// Source is one doors_upstream source.
type Source struct {
	// The keys of its secret, in the order of the configuration.
	Keys []Key `json:"keys"`

	// The name of the cookie with the token. Empty if there is none.
	CookieName string `json:"cookie_name"`

	// Its upstreams, in the order of the configuration. If there are more than 1,000, only the
	// first 1,000 in use.
	Upstreams []Upstream `json:"upstreams"`

	// The number of its upstreams.
	UpstreamsTotal int `json:"upstreams_total"`
}

// MaxUpstreams is how many upstreams of a source a State shows.
const MaxUpstreams = 1000

// Key identifies a key without revealing it.
type Key struct {
	// Its index in `secret`. Key 0 encrypts.
	Position int `json:"position"`

	// The first 8 hexadecimal digits of SHA-256 over `doors-key-id` and the key. Compare it with
	// that of the app.
	ID string `json:"id"`
}

// Upstream is one upstream of a source.
type Upstream struct {
	// Host and port as configured. The `upstream` of a pod refers to it.
	Upstream string `json:"upstream"`

	// The networks of its pods.
	CIDRs []string `json:"cidrs"`

	// The addresses that `host` resolves to, in order. Empty while none are known.
	Addresses []string `json:"addresses"`

	// The age of the last answer with addresses. Absent before the first one, and for a host that
	// is an address.
	ResolvedSecondsAgo *float64 `json:"resolved_seconds_ago,omitempty"`

	// Whether the host is being looked up. It is while requests or readers of this document use it.
	Resolving bool `json:"resolving"`

	// Why the last lookup failed. Absent if it succeeded.
	DNSError string `json:"dns_error,omitempty"`

	// How long lookups have been failing.
	FailingSecondsAgo *float64 `json:"failing_seconds_ago,omitempty"`
}

// Pod is one pod.
type Pod struct {
	// Its address and port.
	Pod string `json:"pod"`

	// Its upstream. Empty if no upstream of the running configuration has it.
	Upstream string `json:"upstream"`

	// Whether its upstream's hosts resolve to it.
	Generation Generation `json:"generation"`

	// Whether it is draining, and is either gone or has had no request and no stream for a third
	// longer than `roll_time`. Then only tabs that have been hidden for a long time can still have its
	// pages.
	Drained bool `json:"drained"`

	// For how long it has been draining, drained, and evicted. Absent if it is not.
	DrainingSecondsAgo *float64 `json:"draining_seconds_ago,omitempty"`
	DrainedSecondsAgo  *float64 `json:"drained_seconds_ago,omitempty"`
	EvictedSecondsAgo  *float64 `json:"evicted_seconds_ago,omitempty"`

	// Whether it can be reached.
	Verdict Verdict `json:"verdict"`

	// How long it has been unreachable. Absent if it is not.
	UnreachableSecondsAgo *float64 `json:"unreachable_seconds_ago,omitempty"`

	// The requests that it is serving, streams included.
	InFlight int `json:"in_flight"`

	// Its open receiver streams. Each open page has one, and briefly two when it renews its stream.
	Streams int `json:"streams"`

	// The dials that it has refused.
	RefusedDials uint64 `json:"refused_dials"`

	// When the first and the last request or dial to it began or ended. Absent if there was none.
	FirstSeenSecondsAgo *float64 `json:"first_seen_seconds_ago,omitempty"`
	LastSeenSecondsAgo  *float64 `json:"last_seen_seconds_ago,omitempty"`
}

// Rollout is a summary of the pods.
type Rollout struct {
	// How many pods are draining and not yet drained.
	Draining int `json:"draining"`

	// How many receiver streams they have open: about one for each visible page.
	Pages int `json:"pages"`

	// How many pods have drained.
	Drained int `json:"drained"`

	// How long the first draining pod has been draining, or else how long ago the last one drained.
	// Absent if there is neither.
	SinceSecondsAgo *float64 `json:"since_seconds_ago,omitempty"`

	// The summary as a line of text. Its wording may change.
	Headline string `json:"headline"`
}

// Eviction is a set of pods that an operator evicts. They get no new pages while there are other
// pods, and their pages are told to reload.
type Eviction struct {
	// The network of the pods; a single pod has all bits. Empty for all pods of the upstream.
	Network string `json:"network,omitempty"`

	// The upstream of the pods. Empty for any.
	Upstream string `json:"upstream,omitempty"`

	// How many pages of an upstream are told to reload per second. 0 means `gone_rate`.
	Rate uint32 `json:"rate"`

	// Whether the longest idle pages are told first.
	IdleFirst bool `json:"idle_first"`

	// How long ago it began.
	SinceSecondsAgo float64 `json:"since_seconds_ago"`

	// How many pages were told to reload.
	Told uint64 `json:"told"`

	// Its pods, counted as in the rollout: those not yet drained, their open receiver streams, and
	// those that have drained.
	Draining int `json:"draining"`
	Pages    int `json:"pages"`
	Drained  int `json:"drained"`
}

// Event is an event of a pod, or of the pods of an eviction.
type Event struct {
	// The number of the event, from 1.
	Number uint64 `json:"number"`

	// How long ago it happened.
	SecondsAgo float64 `json:"seconds_ago"`

	// What happened.
	Event string `json:"event"`

	// The address and port of the pod, or the network of the eviction. At most one of them is
	// present.
	Pod     string `json:"pod,omitempty"`
	Network string `json:"network,omitempty"`

	// Its upstream. Empty if the running configuration does not have it.
	Upstream string `json:"upstream,omitempty"`

	// How many receiver streams it had open.
	Pages int `json:"pages"`
}

// Generation says whether a pod gets new pages.
type Generation string

const (
	Fresh    Generation = "fresh"    // in DNS: gets new pages
	Outside  Generation = "outside"  // in DNS, but outside its upstream's networks: gets new pages only if there is no other pod
	Draining Generation = "draining" // left DNS, or says so, or is evicted: keeps its pages, and gets new ones only if there is no other pod
	Unknown  Generation = "unknown"  // nothing is known about its host, or it has no upstream
)

// Verdict says whether a pod can be reached.
type Verdict string

const (
	Alive       Verdict = "alive"       // it can
	Unreachable Verdict = "unreachable" // the last dials failed; its pages are told to retry
	Gone        Verdict = "gone"        // it is dead; its pages are told to reload
)

// Answers counts answers by reason: the `reason` label of the metrics gone_total and
// unavailable_total.
type Answers struct {
	// Caddy's own 410 answers.
	Gone map[string]uint64 `json:"gone"`

	// Caddy's own 503 answers: a pod or all pods are unreachable, or a 410 was delayed to spread
	// reloads.
	Unavailable map[string]uint64 `json:"unavailable"`

	// Answers that made a page reload: 410 to its streams, hooks and history steps, and 503 to
	// history steps. With the reason page_gone they came from pods.
	Reloads map[string]uint64 `json:"reloads"`
}

// History is the number of open streams in the last minutes, oldest first.
type History struct {
	// The time between two samples.
	IntervalSeconds float64 `json:"interval_seconds"`

	// Open streams of fresh pods, and of all others.
	Fresh    []int `json:"fresh"`
	Draining []int `json:"draining"`
}

// Idle says whether a pod may be stopped: the body of `GET /pods/{ip}`.
type Idle struct {
	// The address of the pod.
	Pod string `json:"pod"`

	// The answer.
	Answer IdleAnswer `json:"answer"`

	// The requests that it is serving, and how many of them are receiver streams.
	InFlight int `json:"in_flight"`
	Streams  int `json:"streams"`

	// How long it has had no request. 0 if it has one. It is at most the uptime.
	IdleSeconds float64 `json:"idle_seconds"`
}

// IdleAnswer is the answer in one word.
type IdleAnswer string

const (
	IsIdle      IdleAnswer = "idle"         // no request for the given time
	Busy        IdleAnswer = "busy"         // a request now, or one less than the given time ago
	JustStarted IdleAnswer = "just_started" // no request, but this process has not been watching for the given time
)
