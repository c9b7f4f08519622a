package proxy

// In:  a scenario.
// Out: a CPU profile of our Caddy and of the stock one while they serve it.

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Profile writes ours.pprof and stock.pprof into a folder: CPU profiles by Caddy's admin API while the load runs. With servers of
// 0 the configurations are those of Compare, otherwise those of CompareServers with that many servers, by name.
func Profile(binaries Binaries, scenario string, protocol Protocol, servers int, duration time.Duration, folder string, log io.Writer) error {
	var found *Scenario
	for i := range Scenarios {
		if Scenarios[i].Name == scenario {
			found = &Scenarios[i]
		}
	}
	if found == nil {
		return fmt.Errorf("no scenario has the name %q", scenario)
	}
	b, err := newBed(binaries, max(podsEach, servers))
	if err != nil {
		return err
	}
	defer b.close()
	toPod := found.requestOf(b.token, podAddress(0).String())
	anyPod := toPod
	anyPod.want = ""
	contenders := []struct {
		name    string
		start   func() (*caddy, error)
		request request
	}{{"ours", b.ours, toPod}, {"stock", b.stock, anyPod}}
	if servers > 0 {
		for index := range servers {
			b.names.Set(serverName(index), podAddress(index))
		}
		contenders[0].start = b.withServers(servers, serverName)
	}
	for _, contender := range contenders {
		caddy, err := contender.start()
		if err != nil {
			return err
		}
		path := filepath.Join(folder, contender.name+".pprof")
		slice, err := b.profile(caddy, protocol, contender.request, duration, path)
		caddy.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", contender.name, err)
		}
		_, _ = fmt.Fprintf(log, "%s: %s %s, %d requests in %.1f s, CPU per request %.2f us (while profiling), %s\n",
			contender.name, scenario, protocol, slice.Requests, slice.Seconds, 1e6*slice.CPUPerRequest(), path)
	}
	return nil
}

// profile loads a Caddy for a time, and fetches the profile of it.
func (b *bed) profile(caddy *caddy, protocol Protocol, request request, duration time.Duration, path string) (Slice, error) {
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

func fetchProfile(caddy *caddy, duration time.Duration, path string) error {
	answer, err := http.Get(caddy.places.url(fmt.Sprintf("/debug/pprof/profile?seconds=%.0f", max(1, duration.Seconds()))))
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
