// In: the lookups that the library wants to have made now.
// Out: these lookups, reported to it, and a change for each line of the log.

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

// Reports are what a Driver tells of. All functions may be called from any goroutine.
type Reports struct {
	// Changed is told of each change of what is known about a host.
	Changed func(Change)
	// LookedUp is told of the end of each lookup, with 0 for success.
	LookedUp func(routing.LookupFailure)
	// Wake resumes the requests that wait.
	Wake func()
}

// Change is a change of what is known about a host that an operator would call one.
type Change struct {
	Kind routing.HostChange
	Host string
	// Addresses are in force after the change; Added and Removed are the difference to those before it.
	Addresses, Added, Removed []netip.Addr
	// Failure is set for [routing.HostFailing], else nil.
	Failure *Failure
}

// Driver makes the lookups that a state wants. All methods may be called from any number of goroutines.
type Driver struct {
	ctx     context.Context
	state   *routing.State
	now     func() time.Duration
	reports Reports

	mu    sync.Mutex // not held during a lookup
	timer *time.Timer
	ways  []Options // by number
	hosts map[uint64]*host
	room  int // for hosts, until those are dropped that the library has forgotten
}

// NewDriver makes one, which begins lookups until the context ends. The clock is that of all calls of the state.
func NewDriver(ctx context.Context, state *routing.State, now func() time.Duration, reports Reports) *Driver {
	d := &Driver{ctx: ctx, state: state, now: now, reports: reports, hosts: make(map[uint64]*host)}
	d.timer = time.AfterFunc(time.Minute, d.Due)
	d.Due()
	return d
}

// Way returns the number that stands for a way to look hosts up.
func (d *Driver) Way(o Options) uint64 {
	o = o.canonical()
	d.mu.Lock()
	defer d.mu.Unlock()
	number := slices.IndexFunc(d.ways, func(way Options) bool { return reflect.DeepEqual(way, o) })
	if number < 0 {
		number = len(d.ways)
		d.ways = append(d.ways, o)
	}
	return uint64(number)
}

// Failure is what the last lookup of a host could not find out, nil if there is nothing.
func (d *Driver) Failure(number uint64) *Failure {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.find(number).failure
}

// find returns what is known about a host. The lock is held.
func (d *Driver) find(number uint64) *host { return cmp.Or(d.hosts[number], new(host)) }

// Due begins the lookups that are due, and sees to the next.
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
			host = newHost(d.ways[lookup.Resolver])
			d.hosts[lookup.Host] = host
		}
		go d.lookUp(lookup, host)
	}
	d.timer.Reset(min(next-d.now(), time.Minute)) // a timer without an end would keep the state for ever
}

// forget drops the hosts that the library has forgotten, when there is no more room. The lock is held.
func (d *Driver) forget() {
	if len(d.hosts) == d.room {
		maps.DeleteFunc(d.hosts, func(number uint64, _ *host) bool {
			_, err := d.state.Host(number, d.now())
			return err != nil
		})
		d.room = 2*len(d.hosts) + 64
	}
}

// lookUp makes one lookup and reports it.
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

// Dropped tells that a host has given up an address.
func (d *Driver) Dropped(number uint64) { d.changed(routing.HostDropped, number) }

// changed tells of a change, if it is one.
func (d *Driver) changed(kind routing.HostChange, number uint64) {
	now, err := d.state.Host(number, d.now())
	if err != nil || kind == routing.HostUnchanged {
		return
	}
	d.mu.Lock()
	host := d.find(number)
	change := Change{
		Kind: kind, Host: now.Name, Addresses: now.Addresses,
		Added:   lacking(host.told, now.Addresses),
		Removed: lacking(now.Addresses, host.told),
	}
	if kind == routing.HostFailing {
		change.Failure = host.failure
	}
	host.told = now.Addresses
	d.mu.Unlock()
	d.reports.Changed(change)
}

// obey does what a report asks for.
func (d *Driver) obey(report routing.HostReport) {
	if report.Wake {
		d.reports.Wake()
	}
	if report.LookupsDue {
		d.Due()
	}
}

// lacking returns the addresses that a list lacks.
func lacking(list, addresses []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addresses), func(address netip.Addr) bool { return slices.Contains(list, address) })
}

// LookUp looks a host up once, which may be an address, for as long as the context lasts. The error is a [*Failure].
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
