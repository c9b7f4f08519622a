// In: sources that come and go with configurations.
// Out: what the process knows beyond one configuration: the addresses of hosts, and what is held against pods.

package proxy

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// Process is held by all sources of the process together. A reload provisions the new sources before it cleans up the
// old ones, so it outlives reloads.
type Process struct {
	*show.Reporter

	hosts *hosts.Set
	pods  *doors.Pods

	faults  faults
	waiting atomic.Int64 // requests that wait for a pod

	sources liveSources

	started time.Time
	seed    maphash.Seed
	ended   chan struct{}
}

const processKey = "process"

var pool = caddy.NewUsagePool()

// Acquire holds on to the process, until Release.
func Acquire() (*Process, error) {
	value, _, err := pool.LoadOrNew(processKey, func() (caddy.Destructor, error) {
		pods, err := doors.NewPods(config.DefaultMaxPods)
		if err != nil {
			return nil, err
		}
		s := &Process{
			pods:    pods,
			started: time.Now(),
			seed:    maphash.MakeSeed(),
			ended:   make(chan struct{}),
		}
		s.hosts = hosts.NewSet(hosts.Config{
			OnChange: func(event hosts.Event) { show.LogHost(s.logger(), event) },
			OnLookup: metrics.LookedUp,
		})
		s.Reporter = show.NewReporter(s)
		go s.Sample(s.ended)
		return s, nil
	})
	if err != nil {
		return nil, err
	}
	return value.(*Process), nil
}

// Release lets go of it.
func (*Process) Release() error {
	_, err := pool.Delete(processKey)
	return err
}

// Destruct ends the samples. Lookups have ended with their last user.
func (s *Process) Destruct() error {
	close(s.ended)
	return nil
}

// Now is the time on the clock that all events are given in.
func (s *Process) Now() time.Duration { return time.Since(s.started) }

// Pods are those that requests were sent to.
func (s *Process) Pods() *doors.Pods { return s.pods }

// Hosts are all names that are resolved.
func (s *Process) Hosts() []hosts.State { return s.hosts.States() }

// InForce are the sources of the configuration that Caddy runs.
func (s *Process) InForce() []show.Source {
	inForce := s.sources.inForce()
	shown := make([]show.Source, len(inForce))
	for i, source := range inForce {
		shown[i] = source
	}
	return shown
}

// logger is that of the configuration in force. It must not be kept: a reload may close the file behind it.
func (s *Process) logger() *zap.Logger {
	if sources := s.sources.inForce(); len(sources) > 0 {
		return sources[0].logger
	}
	return caddy.Log().Named(string(new(Source).CaddyModule().ID))
}

// number stands for a text in groups of pods: the same in every configuration of this process, and without meaning
// outside of it.
func (s *Process) number(text string) uint64 { return maphash.String(s.seed, text) }

// resolved tells which pods of an upstream are fresh now: an address that comes back has no past.
func (s *Process) resolved(upstream uint64, pods []pod) {
	_ = s.pods.Resolved(upstream, addressesOf(pods)) // fails for addresses that package hosts does not return
}

// liveSources are the sources that are provisioned, by their configuration. While one replaces another one, both have some.
type liveSources struct {
	mu   sync.Mutex
	list []*configuration // the oldest first
}

// configuration is what the sources of one configuration share. Each has an app of its own.
type configuration struct {
	around  *config.Around
	sources []*Source // in the order in which they were provisioned
}

func (l *liveSources) add(source *Source, app *caddyhttp.App) *config.Around {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.list, func(c *configuration) bool { return c.around.App == app })
	if i < 0 {
		i = len(l.list)
		l.list = append(l.list, &configuration{around: config.NewAround(app)})
	}
	l.list[i].sources = append(l.list[i].sources, source)
	return l.list[i].around
}

func (l *liveSources) remove(source *Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, configuration := range l.list {
		if at := slices.Index(configuration.sources, source); at >= 0 {
			configuration.sources = slices.Delete(configuration.sources, at, at+1)
			if len(configuration.sources) == 0 {
				l.list = slices.Delete(l.list, i, i+1)
			}
			return
		}
	}
}

// maxPods is the most that any of the sources asks for.
func (l *liveSources) maxPods() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := 0
	for _, configuration := range l.list {
		for _, source := range configuration.sources {
			most = max(most, source.loaded.PodsKept())
		}
	}
	return cmp.Or(most, config.DefaultMaxPods)
}

// inForce returns the sources of the configuration that Caddy runs.
func (l *liveSources) inForce() []*Source {
	app, _ := caddy.ActiveContext().AppIfConfigured("http") // nil before the first configuration runs
	running, _ := app.(*caddyhttp.App)
	return l.of(running)
}

// of returns the sources of an app in the order in which they were provisioned. The sources of one that is being loaded are not
// complete yet, and it may fail to load; so they count only where the running one has none.
func (l *liveSources) of(running *caddyhttp.App) []*Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return nil
	}
	i := slices.IndexFunc(l.list, func(c *configuration) bool { return c.around.App == running })
	if i < 0 {
		i = len(l.list) - 1
	}
	return slices.Clone(l.list[i].sources)
}
