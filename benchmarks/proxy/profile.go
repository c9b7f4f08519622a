package proxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

// Profile says what to profile.
type Profile struct {
	contenders.Binaries
	Scenario  string
	Protocol  Protocol
	Upstreams int // with one pod each in our Caddy; 0 for one upstream with three pods, as in Compare
	Duration  time.Duration
	Folder    string
}

// Take writes ours.pprof and stock.pprof into the folder: CPU profiles from Caddy's admin API,
// taken under load.
func (p Profile) Take(log io.Writer) error {
	place := slices.IndexFunc(Scenarios, func(s Scenario) bool { return s.Name == p.Scenario })
	if place < 0 {
		return fmt.Errorf("no scenario has the name %q", p.Scenario)
	}
	if err := os.MkdirAll(p.Folder, 0o755); err != nil {
		return err
	}
	b, err := newTestbed(p.Binaries, max(podsEach, p.Upstreams))
	if err != nil {
		return err
	}
	defer b.close()
	ours, stock := b.requests(Scenarios[place])
	startOurs := b.ours
	if p.Upstreams > 0 {
		startOurs = b.withUpstreams(p.Upstreams, b.hostNames(p.Upstreams))
	}
	for _, contender := range []struct {
		name    string
		start   func() (*contenders.Caddy, error)
		request request
	}{{"ours", startOurs, ours}, {"stock", b.stock, stock}} {
		caddy, err := contender.start()
		if err != nil {
			return err
		}
		path := filepath.Join(p.Folder, contender.name+".pprof")
		slice, err := b.profile(caddy, p.Protocol, contender.request, p.Duration, path)
		caddy.Stop()
		if err != nil {
			return fmt.Errorf("%s: %w", contender.name, err)
		}
		_, _ = fmt.Fprintf(log, "%s: %d %s requests over %s in %.1f s, CPU time per request %.2f us (while profiled), %s\n",
			contender.name, slice.Requests, p.Scenario, p.Protocol, slice.Seconds, 1e6*slice.CPUPerRequest(), path)
	}
	return nil
}

// profile puts a Caddy under load for the given time, and fetches its profile.
func (b *testbed) profile(caddy *contenders.Caddy, protocol Protocol, request request, duration time.Duration, path string) (Slice, error) {
	load, err := newLoad(caddy, protocol, b.certificate.Trust, request)
	if err != nil {
		return Slice{}, err
	}
	defer load.close()
	if _, err := load.run(time.Second); err != nil {
		return Slice{}, err
	}
	fetched := make(chan error, 1)
	go func() { fetched <- fetchProfile(caddy, duration, path) }()
	slice, err := load.run(duration)
	return slice, errors.Join(err, <-fetched)
}

func fetchProfile(caddy *contenders.Caddy, duration time.Duration, path string) error {
	answer, err := http.Get(caddy.Places.URL(fmt.Sprintf("/debug/pprof/profile?seconds=%.0f", max(1, duration.Seconds()))))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the profile: %s", answer.Status)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, answer.Body)
	return errors.Join(err, file.Close())
}
