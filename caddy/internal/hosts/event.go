// In: a change of what is known about a name.
// Out: the event, error and state types that callers log and show.

package hosts

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// EventKind says what changed.
type EventKind uint8

const (
	// Resolved is the first answer with addresses.
	Resolved EventKind = iota + 1
	// Changed is an answer with other addresses than the last one.
	Changed
	// Failing is the first failed lookup, and the first of each further [dns.ErrorKind] until the name recovers.
	Failing
	// Recovered is the first answer with addresses after failed lookups.
	Recovered
	// Dropped is an address given up by [Host.DropRefused].
	Dropped
	// Partial is the answer from which on answers are taken for parts of the truth: several addresses were missing and came back. What
	// one of the last answers named is fresh from then on. Whole ends that.
	Partial
	Whole
)

func (k EventKind) String() string {
	switch k {
	case Resolved:
		return "resolved"
	case Changed:
		return "changed"
	case Failing:
		return "failing"
	case Recovered:
		return "recovered"
	case Dropped:
		return "dropped"
	case Partial:
		return "answers are partial"
	case Whole:
		return "answers are whole"
	}
	return "unknown"
}

// Event is one change of state of one name. There is one per change, never one per request or lookup.
type Event struct {
	Kind EventKind
	// Host is the name as first acquired, Resolvers the name servers asked (none: the system's).
	Host      string
	Resolvers []string
	// Addresses are in force after the event; Added and Removed are the difference to those before it.
	// They are shared and must not be changed.
	Addresses, Added, Removed []netip.Addr
	// Error is set for Failing, else nil.
	Error *Error
}

// Error says why a name has no answer. Err is the resolver's error, nil when no lookup has ended.
type Error struct {
	Host string
	Kind dns.ErrorKind
	Err  error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("resolving host %q: %v", e.Host, e.Kind)
	}
	return fmt.Sprintf("resolving host %q: %v: %v", e.Host, e.Kind, e.Err)
}

// Unwrap gives access to the resolver's error.
func (e *Error) Unwrap() error { return e.Err }

// State is what a status page shows of one name.
type State struct {
	Host      string
	Resolvers []string
	// Addresses in force, shared and not to be changed; Generation numbers their changes, 0 before the first.
	Addresses  []netip.Addr
	Generation uint64
	// Age is the time since the last answer with addresses, 0 before the first one and for an IP address.
	Age time.Duration
	// Error is that of the last lookup, nil when it went well or none has ended; FailingFor is the time since
	// the first failure in a row.
	Error      *Error
	FailingFor time.Duration
	// Users counts the holders, Refresh is the time between lookups, Active says whether lookups go on.
	Users   int
	Refresh time.Duration
	Active  bool
}
