package outage_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// attempt is one request to an unreachable pod.
type attempt struct {
	end    time.Time
	answer Answer
}

// hammer sends requests for a path with several workers until told to stop.
func hammer(t testing.TB, client *Client, path string, workers int, stopped <-chan struct{}) func() []attempt {
	var work sync.WaitGroup
	var mu sync.Mutex
	var all []attempt
	for range workers {
		work.Go(func() {
			for {
				select {
				case <-stopped:
					return
				case <-time.After(50 * time.Millisecond):
				}
				sent, answer := send(client, Request{Path: path})
				if sent.err != nil {
					t.Error(sent.err)
					return
				}
				mu.Lock()
				all = append(all, attempt{time.Now(), answer})
				mu.Unlock()
			}
		})
	}
	return func() []attempt {
		work.Wait()
		slices.SortFunc(all, func(a, b attempt) int { return a.end.Compare(b.end) })
		return all
	}
}

// median returns the median time until an answer.
func median(attempts []attempt) time.Duration {
	var times []time.Duration
	for _, one := range attempts {
		times = append(times, one.answer.Took)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// A pod that does not answer connection attempts may be unreachable only briefly: its pages get
// 503. They get 410 only after ten seconds, and only while another pod of the upstream works.
func TestUnreachablePod(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podB), newNameServer(t)
	clogged, alone := newClog(t, podA, cluster.Port), newClog(t, podZ, cluster.Port)
	resolve(dns, app, podB)
	resolve(dns, "alone.test", podZ)
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app), cluster.Upstream("127.0.2.0/24", "alone.test")}
	config := Config{Handlers: site(dns, cluster.Secret, upstreams, "", "")}
	caddy := Start(t, Options{Config: config})
	client := caddy.NewClient(t, H2)
	paths := map[*clog]string{clogged: "/~/" + cluster.Token(podA) + "/h/i/1", alone: "/~/" + cluster.Token(podZ) + "/h/i/1"}
	var firsts sync.WaitGroup
	for one, path := range paths {
		firsts.Go(func() { checkUnavailable(t, one.address.String(), client.Get(path)) })
	}
	firsts.Wait()
	failed := time.Now()

	// The other pod works. Otherwise the pod could not be found to be gone.
	stopped := make(chan struct{})
	visitors := startLoad(t, caddy, []Protocol{H1}, 1, func(int) Request {
		return Request{Path: "/", Cookie: []string{"upstream=" + cluster.Token(podB)}}
	})
	counters, results := map[*clog]*dialCounter{}, map[*clog]func() []attempt{}
	for one, path := range paths {
		counters[one] = countDials(t, one.address)
		results[one] = hammer(t, client, path, 10, stopped)
	}
	time.Sleep(3 * time.Second)
	for range 3 { // verdicts survive reloads
		reload(t, caddy, config)
	}
	caddy.Output.Wait(t, `"pod is gone"`, Patience)
	time.Sleep(time.Second)
	elapsed := time.Since(failed)
	close(stopped)
	for _, one := range visitors.stop() {
		if one.err == nil && one.pod != podB {
			t.Errorf("a page came with status %d from %q", one.status, one.pod)
		}
	}
	for one, counter := range counters {
		attempts, dials := results[one](), counter.stop()
		// Including those that began after the clock was read: each lasts 3 s.
		if most := int(elapsed/time.Second) + 5; dials > most || dials < 3 {
			t.Errorf("%s: %d dials in %v", one.address, dials, elapsed)
		}
		t.Logf("%s: %d requests, %d dials in %v, half of the answers within %v", one.address, len(attempts), dials, elapsed, median(attempts))
		// If each waited for a dial, which takes 3 s to fail, there would be half as many.
		if len(attempts) < 100 {
			t.Errorf("%s: only %d answers in %v", one.address, len(attempts), elapsed)
		}
		gone := 0
		for _, one := range attempts {
			if one.answer.Status != http.StatusGone {
				checkUnavailable(t, "while nobody knows", one.answer)
				continue
			}
			gone++
			checkGone(t, "after ten seconds", one.answer)
			if after := one.end.Sub(failed); after < 9*time.Second {
				t.Errorf("declared gone %v after its first failure", after)
			}
		}
		if one == clogged && gone == 0 || one == alone && gone > 0 {
			t.Errorf("%s: %d answers were 410", one.address, gone)
		}
	}
	// One line for each change, not for each request or reload.
	for one, want := range map[*clog]int{clogged: 2, alone: 1} {
		if lines := logged(caddy, message("pod is "), one.address.String()); lines != want {
			t.Errorf("%s: %d changes in the log", one.address, lines)
		}
	}
	// A success clears the verdict.
	for one, path := range paths {
		one.open(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
		Eventually(t, "the pod is back", func() bool { return client.Get(path).Status == http.StatusTeapot })
		for range 10 {
			if answer := client.Get(path); answer.Status != http.StatusTeapot {
				t.Errorf("%s is back and answers %d", one.address, answer.Status)
			}
		}
	}
}

// A client that gives up says nothing about a pod.
func TestCancelledRequests(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podB), newNameServer(t)
	late := newClog(t, podA, cluster.Port)
	resolve(dns, app, podA, podB)
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app)}, "", "")}})
	client := caddy.NewClient(t, H2)
	giveUp := func(request Request) {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if answer, err := client.Open(ctx, request); err == nil {
			answer.Body.Close()
			t.Errorf("%s: status %d", request.Path, answer.StatusCode)
		}
	}
	var work sync.WaitGroup
	for try := range 20 {
		work.Go(func() {
			giveUp(Request{Path: "/~/" + cluster.Token(podA) + "/h/i/1"})
			giveUp(Request{Path: number("/", try), Cookie: []string{"upstream=" + cluster.Token(podA)}})
		})
	}
	work.Wait()
	late.open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	for range 10 { // on an open connection too
		giveUp(Request{Path: "/slow", Cookie: []string{"upstream=" + cluster.Token(podA)}})
	}
	for _, request := range []Request{{Path: "/~/" + cluster.Token(podA) + "/h/i/1"}, {Path: "/", Cookie: []string{"upstream=" + cluster.Token(podA)}}} {
		if answer := client.Do(request); answer.Status != http.StatusTeapot {
			t.Errorf("%s: status %d", request.Path, answer.Status)
		}
	}
	if lines := logged(caddy, message("pod is ")); lines != 0 {
		t.Errorf("%d log lines blame a pod", lines)
	}
}
