// In: sources that come and go with configurations.
// Out: what the process knows beyond one configuration: the addresses of hosts, and what is held against pods.

package caddydoors

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
	"github.com/doors-dev/doors-caddy/caddy/internal/status"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// shared is held by all sources of the process together. A reload provisions the new sources before it cleans up the
// old ones, so it outlives reloads.
type shared struct {
	hosts *hosts.Set
	pods  *doors.Pods

	faults  faults
	waiting atomic.Int64 // requests that wait for a pod

	sources  liveSources
	recorder status.Recorder

	started time.Time
	seed    maphash.Seed
	ended   chan struct{}
}

const sharedKey = "shared"

var pool = caddy.NewUsagePool()

func acquireShared() (*shared, error) {
	value, _, err := pool.LoadOrNew(sharedKey, func() (caddy.Destructor, error) {
		pods, err := doors.NewPods(defaultMaxPods)
		if err != nil {
			return nil, err
		}
		s := &shared{
			pods:    pods,
			started: time.Now(),
			seed:    maphash.MakeSeed(),
			ended:   make(chan struct{}),
		}
		s.hosts = hosts.NewSet(hosts.Config{
			OnChange: func(event hosts.Event) { logHost(s.logger(), event) },
			OnLookup: metrics.LookedUp,
		})
		go s.sample()
		return s, nil
	})
	if err != nil {
		return nil, err
	}
	return value.(*shared), nil
}

func releaseShared() error {
	_, err := pool.Delete(sharedKey)
	return err
}

// Destruct ends the samples. Lookups have ended with their last user.
func (s *shared) Destruct() error {
	close(s.ended)
	return nil
}

// now is the time on the clock that all events are given in.
func (s *shared) now() time.Duration { return time.Since(s.started) }

// logger is that of the configuration in force. It must not be kept: a reload may close the file behind it.
func (s *shared) logger() *zap.Logger {
	if sources := s.sources.inForce(); len(sources) > 0 {
		return sources[0].logger
	}
	return caddy.Log().Named(string(new(Source).CaddyModule().ID))
}

// number stands for a text in groups of pods: the same in every configuration of this process, and without meaning
// outside of it.
func (s *shared) number(text string) uint64 { return maphash.String(s.seed, text) }

// resolved tells which pods of a server are fresh now: an address that comes back has no past.
func (s *shared) resolved(server uint64, pods []pod) {
	_ = s.pods.Resolved(server, addressesOf(pods)) // fails for addresses that package hosts does not return
}

// logHost writes one line for each change of what is known about a host.
func logHost(logger *zap.Logger, event hosts.Event) {
	fields := []zap.Field{
		zap.String("host", event.Host),
		zap.Strings("addresses", texts(event.Addresses)),
	}
	if len(event.Added) > 0 || len(event.Removed) > 0 {
		fields = append(fields, zap.Strings("added", texts(event.Added)), zap.Strings("removed", texts(event.Removed)))
	}
	message := "host " + event.Kind.String()
	if event.Error != nil {
		logger.Error(message, append(fields, zap.Error(event.Error))...)
		return
	}
	if event.Kind == hosts.Partial {
		logger.Warn(message+": an address that one of them lacks stays fresh for up to 30 s", fields...)
		return
	}
	logger.Info(message, fields...)
}

func texts(addresses []netip.Addr) []string {
	texts := make([]string, len(addresses))
	for i, address := range addresses {
		texts[i] = address.String()
	}
	return texts
}
