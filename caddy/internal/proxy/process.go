// In: sources that come and go with configurations.
// Out: what the process knows beyond one configuration: the addresses of hosts, and what is held against pods.

package proxy

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
	"go.uber.org/zap"
)

// Process is held by all sources of the process together. A reload provisions the new sources before it cleans up the
// old ones, so it outlives reloads.
type Process struct {
	*show.Reporter

	state *routing.State
	dns   *dns.Driver
	news  news // for requests that wait

	faults   show.Faults
	sources  liveSources
	forCaddy forCaddy

	started time.Time
	end     context.CancelFunc
}

const processKey = "process"

var pool = caddy.NewUsagePool()

// Acquire holds on to the process, until Release.
func Acquire() (*Process, error) {
	value, _, err := pool.LoadOrNew(processKey, func() (caddy.Destructor, error) {
		state, err := routing.NewState(limits())
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		s := &Process{state: state, started: time.Now(), end: cancel}
		s.dns = dns.NewDriver(ctx, state, s.Now, dns.Reports{
			Changed:  func(change dns.Change) { show.LogHost(s.logger(), change) },
			LookedUp: metrics.LookedUp,
			Wake:     s.news.announce,
		})
		s.Reporter = show.NewReporter(s)
		go s.Sample(ctx.Done())
		return s, nil
	})
	process, _ := value.(*Process)
	return process, err
}

// Release lets go of it.
func (*Process) Release() error {
	_, err := pool.Delete(processKey)
	return err
}

// Destruct ends the samples and the lookups.
func (s *Process) Destruct() error {
	s.end()
	return nil
}

const (
	// refreshesPerCore is how many refreshes of hosts begin in a second for each core, with a burst of one second. With more hosts in use
	// than that each is refreshed less often: a refresh costs 0.3 ms beside requests, and these need the cores more.
	refreshesPerCore = 50
	// maxRefreshes bounds them on large machines, for the sake of name servers.
	maxRefreshes = 500
)

func limits() routing.Limits {
	limits := routing.DefaultLimits()
	limits.RefreshesPerSecond = uint32(min(refreshesPerCore*runtime.GOMAXPROCS(0), maxRefreshes))
	return limits
}

// Now is the time on the clock that all events are given in.
func (s *Process) Now() time.Duration { return time.Since(s.started) }

// Known is what the library knows.
func (s *Process) Known() *routing.State { return s.state }

// Failure is why the last lookup of a host failed, nil if it did not.
func (s *Process) Failure(host uint64) *dns.Failure { return s.dns.Failure(host) }

// InForce are the sources of the configuration that Caddy runs.
func (s *Process) InForce() []show.Source {
	app, _ := caddy.ActiveContext().AppIfConfigured("http") // nil before the first configuration runs
	running, _ := app.(*caddyhttp.App)
	return s.sources.of(running)
}

// logger is that of the configuration in force. It must not be kept: a reload may close the file behind it.
func (s *Process) logger() *zap.Logger {
	if sources := s.InForce(); len(sources) > 0 {
		return sources[0].(*Source).logger
	}
	return caddy.Log().Named(string(new(Source).CaddyModule().ID))
}

// liveSources are the sources that are provisioned. While one configuration replaces another one, both have some.
type liveSources struct {
	mu   sync.Mutex
	list []*Source // in the order in which they were provisioned
}

// add adds a source to those of its app, with which it shares what is around them.
func (l *liveSources) add(source *Source, app *caddyhttp.App) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if others := l.ofApp(app); len(others) > 0 {
		source.around = others[0].(*Source).around
	} else {
		source.around = config.NewAround(app)
	}
	l.list = append(l.list, source)
}

func (l *liveSources) remove(source *Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(s *Source) bool { return s == source })
}

// ofApp returns the sources of an app. Each configuration has an app of its own.
func (l *liveSources) ofApp(app *caddyhttp.App) (of []show.Source) {
	for _, source := range l.list {
		if source.around.App == app {
			of = append(of, source)
		}
	}
	return of
}

// maxPods is the most that any of the sources asks for.
func (l *liveSources) maxPods() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := uint32(0)
	for _, source := range l.list {
		most = max(most, source.loaded.PodsKept())
	}
	return cmp.Or(most, routing.DefaultLimits().MaxPods)
}

// of returns the sources of an app. Those of one that is being loaded are not complete yet, and it may fail to load; so they count only
// where the running one has none.
func (l *liveSources) of(running *caddyhttp.App) []show.Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.ofApp(running)
	if len(of) == 0 && len(l.list) > 0 {
		of = l.ofApp(l.list[len(l.list)-1].around.App)
	}
	return of
}

// news tells those who wait that something has changed. The zero value is ready.
type news struct {
	mu   sync.Mutex
	told chan struct{} // nil while nobody waits
}

// next returns a channel that is closed at the next announcement.
func (n *news) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told == nil {
		n.told = make(chan struct{})
	}
	return n.told
}

// announce tells those who wait now.
func (n *news) announce() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told != nil {
		close(n.told)
		n.told = nil
	}
}
