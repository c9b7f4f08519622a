package fleet

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// maxPods is how many addresses an upstream has. They are used in turn, so that the least recently
// used one comes next.
const maxPods = 250

// Config describes a fleet.
type Config struct {
	Secret      string
	Port        uint16
	Upstreams   int
	PodsEach    int // pods for new pages, in each upstream
	Roll        time.Duration
	InstanceTTL time.Duration
	Unmarked    bool // pods do not say that they are draining
	Names       *nameserver.Server
	Block       Block

	// CacheTTL is how long a client of Names caches an answer.
	CacheTTL time.Duration
	// Place runs start where a pod with this address belongs. If it is nil, pods run on this
	// machine.
	Place func(address netip.Addr, start func() error) error
}

// Block is the first two bytes of all pod addresses.
type Block [2]byte

// Loopback needs no set-up.
var Loopback = Block{127, 0}

// CIDR returns the network of an upstream's pods.
func (b Block) CIDR(upstream int) string {
	return fmt.Sprintf("%d.%d.%d.0/24", b[0], b[1], upstream+1)
}

// Fleet is all pods of all upstreams. Only the methods of Life and PerSecond are safe for
// concurrent use.
type Fleet struct {
	config    Config
	upstreams []*upstream
	all       []*Pod
	counts    counts

	mu     sync.Mutex
	byName map[string]*Pod
	byID   map[string]*Pod // by token
}

type upstream struct {
	number  int // from 0
	started int
	fresh   []*Pod // the pods in DNS
	age     time.Duration
	told    time.Time // when answers have the last change
}

// New returns a fleet without pods.
func New(config Config) *Fleet {
	f := &Fleet{config: config, byName: map[string]*Pod{}, byID: map[string]*Pod{}}
	f.counts.bySecond = map[int64]Count{}
	for number := range config.Upstreams {
		f.upstreams = append(f.upstreams, &upstream{number: number})
	}
	return f
}

// Host returns the DNS name of an upstream.
func Host(upstream int) string { return fmt.Sprintf("upstream%d.rollout.test", upstream+1) }

// Named returns the life of the pod with a name, or nil.
func (f *Fleet) Named(name string) *Life {
	f.mu.Lock()
	defer f.mu.Unlock()
	if found := f.byName[name]; found != nil {
		return found.Life
	}
	return nil
}

// WithToken returns the life of the pod with a token, or nil.
func (f *Fleet) WithToken(token string) *Life {
	f.mu.Lock()
	defer f.mu.Unlock()
	if found := f.byID[token]; found != nil {
		return found.Life
	}
	return nil
}

// Fresh returns the pods of an upstream that are in DNS. The proxy sees a change only when answers
// have it: see Told.
func (f *Fleet) Fresh(upstream int) []*Pod { return f.upstreams[upstream].fresh }

// Living returns the pods of an upstream that have not ended, including draining ones.
func (f *Fleet) Living(upstream int) []*Pod {
	return slices.DeleteFunc(slices.Clone(f.all), func(one *Pod) bool { return one.Upstream != upstream || !one.running() })
}

// Age sets how old the answers about an upstream are from now on, as from a caching name server.
func (f *Fleet) Age(upstream int, age time.Duration) { f.upstreams[upstream].age = age }

// Told returns when answers have all changes.
func (f *Fleet) Told() (last time.Time) {
	for _, one := range f.upstreams {
		if one.told.After(last) {
			last = one.told
		}
	}
	return last
}

// StartPods starts pods of an upstream, without adding them to DNS.
func (f *Fleet) StartPods(number, count int) ([]*Pod, error) {
	var started []*Pod
	for range count {
		address := netip.AddrFrom4([4]byte{f.config.Block[0], f.config.Block[1], byte(number + 1), byte(f.upstreams[number].started%maxPods + 1)})
		made, err := f.startAt(number, address)
		if err != nil {
			return nil, err
		}
		started = append(started, made)
	}
	return started, nil
}

// StartAgain starts another pod at the address of one that has ended.
func (f *Fleet) StartAgain(before *Pod) (*Pod, error) {
	return f.startAt(before.Upstream, before.Address)
}

func (f *Fleet) startAt(number int, address netip.Addr) (*Pod, error) {
	s := f.upstreams[number]
	s.started++
	life := &Life{Name: fmt.Sprintf("upstream %d, pod %d", number+1, s.started), Upstream: number, Address: address}
	place := f.config.Place
	if place == nil {
		place = func(_ netip.Addr, start func() error) error { return start() }
	}
	var made *Pod
	err := place(address, func() (err error) {
		made, err = start(life, order{
			Secret: f.config.Secret, Name: life.Name, Address: netip.AddrPortFrom(address, f.config.Port),
			Roll: f.config.Roll, InstanceTTL: f.config.InstanceTTL, Unmarked: f.config.Unmarked,
		}, &f.counts)
		return err
	})
	if err != nil {
		return nil, err
	}
	f.all = append(f.all, made)
	f.mu.Lock()
	f.byName[life.Name], f.byID[made.Token] = made, made
	f.mu.Unlock()
	return made, nil
}

// Name sets the pods of an upstream in DNS and returns the previous ones. Answers have the change
// later, depending on their age and on caches, and never before an earlier change.
func (f *Fleet) Name(number int, pods []*Pod) (before []*Pod) {
	s := f.upstreams[number]
	before, s.fresh = s.fresh, pods
	if now := time.Now().Add(s.age + f.config.CacheTTL); now.After(s.told) {
		s.told = now
	}
	var addresses []netip.Addr
	for _, one := range pods {
		addresses = append(addresses, one.Address)
		one.Listed(s.told) // before the answer changes: a page may come at once
	}
	f.config.Names.SetFrom(s.told.Add(-f.config.CacheTTL), Host(number), addresses...)
	for _, one := range before {
		if !slices.Contains(pods, one) {
			one.Delisted(s.told)
		}
	}
	return before
}

// Replace sets the pods of an upstream in DNS, and asks the others to drain. It returns the others.
func (f *Fleet) Replace(number int, pods []*Pod) (old []*Pod, err error) {
	for _, one := range f.Name(number, pods) {
		if slices.Contains(pods, one) || !one.running() {
			continue
		}
		old = append(old, one)
		if err := one.Drain(); err != nil {
			return nil, err
		}
	}
	return old, nil
}

// Deploy replaces all pods of an upstream: new ones start, DNS changes, and the old ones are asked
// to drain.
func (f *Fleet) Deploy(number int) error {
	started, err := f.StartPods(number, f.config.PodsEach)
	if err == nil {
		_, err = f.Replace(number, started)
	}
	return err
}

// Without returns the pods except one.
func Without(pods []*Pod, but *Pod) []*Pod {
	var left []*Pod
	for _, one := range pods {
		if one != but {
			left = append(left, one)
		}
	}
	return left
}

// DrainAll asks every living pod to drain.
func (f *Fleet) DrainAll() error {
	for _, one := range f.all {
		if one.running() && !one.IsDraining() && !one.WasKilled() {
			if err := one.Drain(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Ended waits for the end of the pods that were asked to drain before a time. No page may be open
// on them; pages that visitors left without notice end within the InstanceTTL.
func (f *Fleet) Ended(before time.Time, patience time.Duration) (count int, err error) {
	limit := time.Now().Add(patience)
	var problems []error
	for _, one := range f.all {
		if one.DrainedBefore(before) && !one.WasKilled() {
			count++
			problems = append(problems, one.Ended(max(0, time.Until(limit))))
		}
	}
	return count, errors.Join(problems...)
}

// Abandon kills all remaining pods.
func (f *Fleet) Abandon() {
	for _, one := range f.all {
		_ = one.command.Process.Kill()
		<-one.ended
	}
}

// Started returns how many pods were started.
func (f *Fleet) Started() int { return len(f.all) }

// Taking returns the upstreams that had a settled pod during a page load.
func (f *Fleet) Taking(begin, end time.Time) map[int]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := map[int]bool{}
	for _, one := range f.byName {
		if !found[one.Upstream] && one.Settled(begin, end) {
			found[one.Upstream] = true
		}
	}
	return found
}

// HasWell reports whether the upstream has an unharmed pod that all proxies have seen in DNS.
func (f *Fleet) HasWell(upstream int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	for _, one := range f.byName {
		if _, harmed := one.FaultDuring(now.Add(-time.Minute), now); one.Upstream == upstream && one.Known() && !harmed {
			return true
		}
	}
	return false
}
