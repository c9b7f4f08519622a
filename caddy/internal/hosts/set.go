// In: names that configurations acquire and release.
// Out: one shared entry per question, kept for a while after its last user so that a reload finds it.

package hosts

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
)

// keepUnused is how long a name without users keeps its addresses (in memory, without lookups): a reload that
// releases before it acquires, or a configuration that is put back, still starts with known addresses.
const keepUnused = time.Minute

// Config sets up a [Set]. The zero value is complete.
type Config struct {
	// OnChange is told of every change of state, from several goroutines and with no lock held; it should
	// return soon, and must not wait for a lookup. Nil means that nobody is told.
	OnChange func(Event)
	// OnLookup is told of every lookup that has ended, with its error or nil, under the same rules. Nil means that nobody is
	// told.
	OnLookup func(*Error)
	// NewLookup replaces that of package dns, for tests.
	NewLookup func(dns.Options) dns.LookupFunc
}

// Set holds the names that are resolved; one is enough for a process. All methods may be called from any
// number of goroutines. Without users it holds no goroutine, so it needs no closing.
type Set struct {
	onChange  func(Event)
	onLookup  func(*Error)
	newLookup func(dns.Options) dns.LookupFunc
	origin    time.Time
	queue     queue
	news      News // of names with other addresses

	mu      sync.Mutex // taken before that of an entry
	entries map[key]*entry
}

// NewSet makes an empty set.
func NewSet(c Config) *Set {
	if c.NewLookup == nil {
		silence := dns.NewSilence()
		c.NewLookup = func(o dns.Options) dns.LookupFunc { return dns.NewLookup(o, silence) }
	}
	return &Set{onChange: c.OnChange, onLookup: c.OnLookup, newLookup: c.NewLookup, origin: time.Now(), entries: make(map[key]*entry)}
}

// Acquire makes the caller a user of the name, which may be an IP address (never looked up, always known),
// until [Host.Release]. It looks nothing up: the first request does.
func (s *Set) Acquire(name string, o Options) *Host {
	o = o.withDefaults()
	host := &Host{refresh: o.Refresh, staleMax: o.StaleMax}
	if address, ok := literal(name); ok {
		host.entry = constant(s, name, address)
		return host
	}
	k := o.key(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	host.entry = s.entries[k]
	if host.entry == nil {
		host.entry = newEntry(s, k, name, o)
		s.entries[k] = host.entry
	}
	host.entry.join(o.Refresh)
	return host
}

// States returns the state of every name that is in use or was lately, sorted by name. IP addresses are not
// among them.
func (s *Set) States() []State {
	s.mu.Lock()
	entries := make([]*entry, 0, len(s.entries))
	for _, e := range s.entries {
		entries = append(entries, e)
	}
	s.mu.Unlock()
	states := make([]State, len(entries))
	for i, e := range entries {
		states[i] = e.state()
	}
	slices.SortFunc(states, func(a, b State) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), slices.Compare(a.Resolvers, b.Resolvers))
	})
	return states
}

// forget runs when a name has had no user for keepUnused.
func (e *entry) forget(sequence uint64) {
	e.set.mu.Lock()
	defer e.set.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if sequence == e.sequence {
		delete(e.set.entries, e.key)
	}
}

// now is the time on the set's own monotonic clock.
func (s *Set) now() time.Duration { return time.Since(s.origin) }
