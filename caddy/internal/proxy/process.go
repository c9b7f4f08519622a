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

// Process is the state that all sources of the process share: what is known about hosts and pods. A
// reload provisions the new sources before it cleans up the old ones, so it outlives reloads.
type Process struct {
	*show.Reporter

	state *routing.State
	dns   *dns.Driver
	news  broadcast // wakes waiting requests

	faults        show.Faults
	sources       liveSources
	upstreamCache upstreamCache

	started time.Time
	end     context.CancelFunc
}

const processKey = "process"

var pool = caddy.NewUsagePool()

// Acquire returns the shared Process, and keeps it alive until Release.
func Acquire() (*Process, error) {
	value, _, err := pool.LoadOrNew(processKey, func() (caddy.Destructor, error) {
		limits := routing.DefaultLimits()
		limits.RefreshesPerSecond = uint32(min(refreshesPerCore*runtime.GOMAXPROCS(0), maxRefreshes))
		state, err := routing.NewState(limits)
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

// Release ends the use of the Process.
func (*Process) Release() error {
	_, err := pool.Delete(processKey)
	return err
}

// Destruct stops the samples and the lookups.
func (s *Process) Destruct() error {
	s.end()
	return nil
}

const (
	// refreshesPerCore limits how many host refreshes begin per second and core, with a burst of
	// one second. With more hosts in use each is refreshed less often. A refresh takes 0.3 ms of
	// CPU time, which requests need more.
	refreshesPerCore = 50
	// maxRefreshes is the limit on large machines. It protects the name servers.
	maxRefreshes = 500
)

// Now returns the time on the clock of all events.
func (s *Process) Now() time.Duration { return time.Since(s.started) }

// Known returns the library's state.
func (s *Process) Known() *routing.State { return s.state }

// Failure returns why the last lookup of a host failed, or nil if it succeeded.
func (s *Process) Failure(host uint64) *dns.Failure { return s.dns.Failure(host) }

// InForce returns the sources of the configuration that Caddy runs.
func (s *Process) InForce() []show.Source {
	app, _ := caddy.ActiveContext().AppIfConfigured("http") // nil until the first configuration runs
	running, _ := app.(*caddyhttp.App)
	return s.sources.of(running)
}

// logger returns the logger of the running configuration. Do not keep it: a reload may close its
// file.
func (s *Process) logger() *zap.Logger {
	if sources := s.InForce(); len(sources) > 0 {
		return sources[0].(*Source).logger
	}
	return caddy.Log().Named(string(new(Source).CaddyModule().ID))
}

// liveSources are the provisioned sources. During a reload they belong to two configurations.
type liveSources struct {
	mu   sync.Mutex
	list []*Source // in the order of provisioning
}

// add adds a source. It shares its config.Shared with the other sources of its app.
func (l *liveSources) add(source *Source, app *caddyhttp.App) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if others := l.ofApp(app); len(others) > 0 {
		source.shared = others[0].(*Source).shared
	} else {
		source.shared = config.NewShared(app)
	}
	l.list = append(l.list, source)
}

func (l *liveSources) remove(source *Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(s *Source) bool { return s == source })
}

// ofApp returns the sources of an app. Each configuration has its own app.
func (l *liveSources) ofApp(app *caddyhttp.App) (of []show.Source) {
	for _, source := range l.list {
		if source.shared.App == app {
			of = append(of, source)
		}
	}
	return of
}

// maxPods returns the largest limit of all sources.
func (l *liveSources) maxPods() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := uint32(0)
	for _, source := range l.list {
		most = max(most, source.loaded.PodsKept())
	}
	return cmp.Or(most, routing.DefaultLimits().MaxPods)
}

// of returns the sources of the running app. If it has none, it returns those of an app that is
// being loaded; they may be incomplete, and loading may fail.
func (l *liveSources) of(running *caddyhttp.App) []show.Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.ofApp(running)
	if len(of) == 0 && len(l.list) > 0 {
		of = l.ofApp(l.list[len(l.list)-1].shared.App)
	}
	return of
}

// broadcast wakes waiters when something has changed. The zero value is ready to use.
type broadcast struct {
	mu      sync.Mutex
	waiters chan struct{} // nil while nobody waits
}

// next returns a channel that the next announcement closes.
func (b *broadcast) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiters == nil {
		b.waiters = make(chan struct{})
	}
	return b.waiters
}

// announce wakes all current waiters.
func (b *broadcast) announce() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiters != nil {
		close(b.waiters)
		b.waiters = nil
	}
}
