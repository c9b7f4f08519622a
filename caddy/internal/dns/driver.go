package dns

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/routing"
)

// Reports are the callbacks of a Driver. They may be called from any goroutine.
type Reports struct {
	// Changed is called when the state of a host changes.
	Changed func(Change)
	// LookedUp is called at the end of each lookup, with 0 for success.
	LookedUp func(routing.LookupFailure)
	// Wake resumes the waiting requests.
	Wake func()
}

// Change is a change in the state of a host that is worth a log line.
type Change struct {
	Kind routing.HostChange
	Host string
	// Addresses are those after the change. Added and Removed are the difference from those before.
	Addresses, Added, Removed []netip.Addr
	// Failure is set for [routing.HostFailing], else nil.
	Failure *Failure
}

// Driver makes the lookups that are due in a state. Its methods may be called from any goroutine.
type Driver struct {
	ctx     context.Context
	state   *routing.State
	now     func() time.Duration
	reports Reports

	mu      sync.Mutex // not held during a lookup
	timer   *time.Timer
	options []Options // by number
	hosts   map[uint64]*host
	room    int // len(hosts) at which to call forget
}

// NewDriver returns a driver that starts lookups until ctx is done. now must be the clock of all
// calls of the state.
func NewDriver(ctx context.Context, state *routing.State, now func() time.Duration, reports Reports) *Driver {
	d := &Driver{ctx: ctx, state: state, now: now, reports: reports, hosts: make(map[uint64]*host)}
	d.timer = time.AfterFunc(time.Minute, d.Due)
	d.Due()
	return d
}

// ResolverNumber returns the number that stands for the options in the library: [routing.Options].Resolver.
func (d *Driver) ResolverNumber(o Options) uint64 {
	o = o.canonical()
	d.mu.Lock()
	defer d.mu.Unlock()
	number := slices.IndexFunc(d.options, func(known Options) bool { return reflect.DeepEqual(known, o) })
	if number < 0 {
		number = len(d.options)
		d.options = append(d.options, o)
	}
	return uint64(number)
}

// Failure returns why the last lookup of a host failed, or nil if it succeeded.
func (d *Driver) Failure(number uint64) *Failure {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.find(number).failure
}

// find returns the entry of a host. d.mu must be held.
func (d *Driver) find(number uint64) *host { return cmp.Or(d.hosts[number], new(host)) }

// Due starts the lookups that are due, and sets the timer for the next.
func (d *Driver) Due() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		return
	}
	lookups, next, _ := d.state.Due(d.now(), rand.Uint64())
	for _, lookup := range lookups {
		host := d.hosts[lookup.Host]
		if host == nil {
			d.forget()
			host = newHost(d.options[lookup.Resolver])
			d.hosts[lookup.Host] = host
		}
		go d.lookUp(lookup, host)
	}
	d.timer.Reset(min(next-d.now(), time.Minute)) // bounded, so that an unused state can be freed
}

// forget drops hosts that the library has forgotten, once the map is full. d.mu must be held.
func (d *Driver) forget() {
	if len(d.hosts) == d.room {
		maps.DeleteFunc(d.hosts, func(number uint64, _ *host) bool {
			_, err := d.state.Host(number, d.now())
			return err != nil
		})
		d.room = 2*len(d.hosts) + 64
	}
}

// lookUp makes one lookup and reports the result.
func (d *Driver) lookUp(lookup routing.Lookup, host *host) {
	ctx, cancel := context.WithTimeout(context.Background(), LookupTimeout)
	defer cancel()
	got := host.lookup(ctx, lookup.Name)
	report, _ := d.state.Resolved(lookup.Host, got.addresses, got.missing, d.now(), rand.Uint64())
	known, _ := d.state.Host(lookup.Host, d.now())
	d.mu.Lock()
	host.failure = got.failure
	d.mu.Unlock()
	d.reports.LookedUp(known.Failure)
	d.obey(report)
	d.changed(report.Change, lookup.Host)
	if got.late != nil {
		<-got.late.ended
		report, _ = d.state.ResolvedLate(lookup.Host, got.late.reply.Load().addresses, d.now())
		d.obey(report)
	}
}

// Dropped reports that a host no longer has one of its addresses.
func (d *Driver) Dropped(number uint64) { d.changed(routing.HostDropped, number) }

// changed reports a change of a host to Reports.Changed. It ignores [routing.HostUnchanged].
func (d *Driver) changed(kind routing.HostChange, number uint64) {
	now, err := d.state.Host(number, d.now())
	if err != nil || kind == routing.HostUnchanged {
		return
	}
	d.mu.Lock()
	host := d.find(number)
	change := Change{
		Kind: kind, Host: now.Name, Addresses: now.Addresses,
		Added:   missingFrom(host.reported, now.Addresses),
		Removed: missingFrom(now.Addresses, host.reported),
	}
	if kind == routing.HostFailing {
		change.Failure = host.failure
	}
	host.reported = now.Addresses
	d.mu.Unlock()
	d.reports.Changed(change)
}

// obey carries out what a report asks for.
func (d *Driver) obey(report routing.HostReport) {
	if report.Wake {
		d.reports.Wake()
	}
	if report.LookupsDue {
		d.Due()
	}
}

// missingFrom returns the addresses that are not in list.
func missingFrom(list, addresses []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addresses), func(address netip.Addr) bool { return slices.Contains(list, address) })
}

// LookUp resolves a host, which may be an address, until ctx is done. The error is a [*Failure].
func LookUp(ctx context.Context, o Options, name string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return []netip.Addr{address.Unmap()}, nil
	}
	got := newHost(o).lookup(ctx, name)
	if len(got.addresses) == 0 {
		return nil, got.failure
	}
	return got.addresses, nil
}
