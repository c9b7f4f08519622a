// In: the lookups that the library wants to have made now.
// Out: these lookups, reported to it, and a change for each line of the log.

package dns

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/go"
)

// Reports are what a Driver tells of. All functions may be called from any goroutine.
type Reports struct {
	// Changed is told of each change of what is known about a host.
	Changed func(Change)
	// LookedUp is told of the end of each lookup, with 0 for success.
	LookedUp func(doors.LookupFailure)
	// Wake resumes the requests that wait.
	Wake func()
}

// Change is a change of what is known about a host that an operator would call one.
type Change struct {
	Kind doors.HostChange
	Host string
	// Addresses are in force after the change; Added and Removed are the difference to those before it.
	Addresses, Added, Removed []netip.Addr
	// Failure is set for [doors.HostFailing], else nil.
	Failure *Failure
}

// Driver makes the lookups that a state wants. All methods may be called from any number of goroutines.
type Driver struct {
	state   *doors.State
	now     func() time.Duration
	reports Reports
	silence *Silence
	due     chan struct{}

	mu    sync.Mutex
	ways  []Options // by number
	hosts map[uint64]*host
	room  int // of hosts, before those are dropped that the library has forgotten
}

// host is a host that was looked up.
type host struct {
	lookup LookupFunc

	mu        sync.Mutex
	addresses []netip.Addr // as last told of
	failure   *Failure     // of the last lookup
}

// hostsKept is how many hosts are kept at least before those are looked for that the library has forgotten.
const hostsKept = 64

// NewDriver makes one, which runs until the context ends. The clock is that of all calls of the state.
func NewDriver(ctx context.Context, state *doors.State, now func() time.Duration, reports Reports) *Driver {
	d := &Driver{state: state, now: now, reports: reports, silence: NewSilence(), due: make(chan struct{}, 1), hosts: make(map[uint64]*host), room: hostsKept}
	go d.run(ctx)
	return d
}

// Due tells that lookups may be due.
func (d *Driver) Due() {
	select {
	case d.due <- struct{}{}:
	default: // it is told already
	}
}

// Way returns the number that stands for a way to look hosts up.
func (d *Driver) Way(o Options) uint64 {
	o = o.canonical()
	d.mu.Lock()
	defer d.mu.Unlock()
	number := slices.IndexFunc(d.ways, o.equal)
	if number < 0 {
		number = len(d.ways)
		d.ways = append(d.ways, o)
	}
	return uint64(number)
}

// Failure is why the last lookup of a host failed, nil if it did not.
func (d *Driver) Failure(number uint64) *Failure {
	d.mu.Lock()
	found := d.hosts[number]
	d.mu.Unlock()
	if found == nil {
		return nil
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	return found.failure
}

// run begins the lookups that are due, and waits for the next.
func (d *Driver) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.due:
		}
		lookups, next, err := d.state.Due(d.now(), rand.Uint64())
		if err != nil {
			next = d.now() + time.Second // which only a bug can cause
		}
		for _, lookup := range lookups {
			go d.lookUp(lookup)
		}
		if next != doors.Never {
			timer.Reset(max(next-d.now(), 0))
		} else {
			timer.Stop()
		}
	}
}

// hostOf returns the host of a lookup, and how to look it up.
func (d *Driver) hostOf(lookup doors.Lookup) (*host, Options) {
	d.mu.Lock()
	defer d.mu.Unlock()
	way := d.ways[lookup.Resolver]
	found := d.hosts[lookup.Host]
	if found == nil {
		if len(d.hosts) >= d.room {
			d.forget()
		}
		found = &host{lookup: NewLookup(way, d.silence)}
		d.hosts[lookup.Host] = found
	}
	return found, way
}

// forget drops the hosts that the library has forgotten. The lock is held.
func (d *Driver) forget() {
	for number := range d.hosts {
		if _, err := d.state.Host(number, d.now()); err != nil {
			delete(d.hosts, number)
		}
	}
	d.room = max(2*len(d.hosts), hostsKept)
}

// lookUp makes one lookup and reports it.
func (d *Driver) lookUp(lookup doors.Lookup) {
	ctx, cancel := context.WithTimeout(context.Background(), LookupTimeout)
	defer cancel()
	host, way := d.hostOf(lookup)
	addresses, err := host.lookup(ctx, way.Versions.Network(), lookup.Name)
	addresses = Canonical(addresses)

	var missing doors.Missing
	incomplete := new(Incomplete)
	if errors.As(err, &incomplete) {
		missing.IPv4, missing.IPv6 = incomplete.Missing.IPv4, incomplete.Missing.IPv6
		err = incomplete.Err
	}
	failure := failureOf(lookup.Name, addresses, err)
	var report doors.HostReport
	var fault error
	if len(addresses) > 0 {
		missing.Failure = failure.kind()
		report, fault = d.state.Resolved(lookup.Host, addresses, missing, d.now(), rand.Uint64())
	} else {
		report, fault = d.state.LookupFailed(lookup.Host, failure.kind(), d.now(), rand.Uint64())
	}
	if fault == nil {
		d.ended(lookup, host, failure, report)
	}
	if incomplete.Late != nil {
		<-incomplete.Late
		if report, fault = d.state.ResolvedLate(lookup.Host, Canonical(incomplete.LateAddresses()), d.now()); fault == nil {
			d.obey(report)
		}
	}
}

// ended takes note of what the library made of the end of a lookup.
func (d *Driver) ended(lookup doors.Lookup, host *host, failure *Failure, report doors.HostReport) {
	known, unknown := d.state.Host(lookup.Host, d.now())
	if unknown == nil && known.Failure == 0 {
		failure = nil // nobody misses what it is about
	}
	host.mu.Lock()
	host.failure = failure
	host.mu.Unlock()
	d.reports.LookedUp(known.Failure)
	d.obey(report)
	if report.Change != doors.HostUnchanged {
		d.changed(report.Change, lookup.Host, known)
	}
}

// Dropped tells that a host has given up an address.
func (d *Driver) Dropped(number uint64) {
	if known, err := d.state.Host(number, d.now()); err == nil {
		d.changed(doors.HostDropped, number, known)
	}
}

// changed tells of a change.
func (d *Driver) changed(kind doors.HostChange, number uint64, known doors.Host) {
	d.mu.Lock()
	found := d.hosts[number]
	d.mu.Unlock()
	if found == nil {
		return
	}
	found.mu.Lock()
	change := Change{
		Kind: kind, Host: known.Name, Addresses: known.Addresses,
		Added:   lacking(found.addresses, known.Addresses),
		Removed: lacking(known.Addresses, found.addresses),
	}
	if kind == doors.HostFailing {
		change.Failure = found.failure
	}
	found.addresses = known.Addresses
	found.mu.Unlock()
	d.reports.Changed(change)
}

// obey does what a report asks for.
func (d *Driver) obey(report doors.HostReport) {
	if report.Wake {
		d.reports.Wake()
	}
	if report.LookupsDue {
		d.Due()
	}
}

// lacking returns the addresses that a list lacks.
func lacking(list, addresses []netip.Addr) (lacking []netip.Addr) {
	for _, address := range addresses {
		if !slices.Contains(list, address) {
			lacking = append(lacking, address)
		}
	}
	return lacking
}

// LookUp looks a host up once, which may be an address, for as long as the context lasts. The error is a [*Failure].
func LookUp(ctx context.Context, o Options, name string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return []netip.Addr{address.Unmap()}, nil
	}
	addresses, err := NewLookup(o, NewSilence())(ctx, o.Versions.Network(), name)
	if addresses = Canonical(addresses); len(addresses) == 0 {
		return nil, failureOf(name, addresses, err)
	}
	return addresses, nil
}

// canonical is the same for options that ask the same.
func (o Options) canonical() Options {
	if len(o.Resolvers) == 0 {
		o.DialTimeout, o.FallbackDelay = 0, 0
	}
	if o.Versions.IPv4 && o.Versions.IPv6 {
		o.Versions = Versions{}
	}
	o.Resolvers = slices.Compact(slices.Sorted(slices.Values(o.Resolvers)))
	return o
}

func (o Options) equal(other Options) bool {
	return o.DialTimeout == other.DialTimeout && o.FallbackDelay == other.FallbackDelay && o.Versions == other.Versions &&
		strings.Join(o.Resolvers, " ") == strings.Join(other.Resolvers, " ")
}
