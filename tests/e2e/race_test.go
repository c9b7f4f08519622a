package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// The race detector watches every kind of decision while the configuration changes and a pod comes
// and goes.
func TestNoDataRace(t *testing.T) {
	const length = 20 * time.Second
	cluster := NewCluster(t, pod.Config{Roll: 300 * time.Millisecond}, podA, podB, podC)
	var configs []Config
	for _, more := range []string{"", "lb_policy round_robin\nlb_try_duration 1s", "lb_policy least_conn\nfail_duration 1s", "lb_policy cookie lb secret\nlb_retries 2"} {
		configs = append(configs, Config{Handlers: doorsSite(cluster, more)})
	}
	caddy := Start(t, Options{Binary: Race, Config: configs[0]})
	// A page with a forged token gets 410 only once a pod is known that could take it.
	if _, err := caddy.NewBrowser(t, Protocols[0]).Load("/"); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	var work sync.WaitGroup
	var counts [6]atomic.Int64
	kinds := [6]string{"pages", "streams", "reports", "hooks", "gone", "reloads"}
	repeat := func(step func() error) {
		work.Add(1)
		go func() {
			defer work.Done()
			for ctx.Err() == nil {
				// A reload may cut an idle connection, and a pod may be down.
				if step() != nil {
					time.Sleep(10 * time.Millisecond)
				}
			}
		}()
	}
	expect := func(count int, answer Answer, err error, status int) error {
		if err == nil && answer.Status != status {
			err = fmt.Errorf("status %d", answer.Status)
		}
		if err == nil {
			counts[count].Add(1)
		}
		return err
	}
	for visitor := range 9 {
		browser := caddy.NewBrowser(t, Protocols[visitor%len(Protocols)])
		var clicks int
		repeat(func() error {
			page, err := browser.Load("/")
			if err != nil {
				return err
			}
			counts[0].Add(1)
			received := make(chan error, 1)
			go func() {
				answer, err := browser.Try(Request{Path: page.Sync(1), Cookie: browser.Cookies()})
				received <- expect(1, answer, err, http.StatusOK)
			}()
			answer, err := browser.Send(Request{
				Method: "POST", Path: page.Sync(1), Body: io.MultiReader(strings.NewReader("\x00\x00\x00\x0b"), strings.NewReader("[1,0,{},[]]")),
				Header: map[string]string{"Content-Type": "application/octet-stream"},
			})
			expect(2, answer, err, http.StatusOK)
			clicks++
			answer, err = browser.Send(Request{Method: "POST", Path: page.Hook(pod.HookClick, clicks), Body: strings.NewReader("{}")})
			expect(3, answer, err, http.StatusOK)
			return <-received
		})
	}
	for protocol := range Protocols {
		client := caddy.NewClient(t, Protocols[protocol])
		var number int
		tokens := goneTokens(t, cluster)
		repeat(func() error {
			number++
			for why, token := range tokens {
				answer, err := client.Try(Request{Path: fmt.Sprintf("/~/%s/h/i/%d", token, number)})
				if err == nil && answer.Status != http.StatusGone {
					t.Errorf("%s: status %d", why, answer.Status)
				}
				if expect(4, answer, err, http.StatusGone) != nil {
					return err
				}
			}
			return nil
		})
		// Cookies of every kind, and requests that are cancelled at once.
		repeat(func() error {
			for _, cookie := range []string{cluster.Token(podA), cluster.Token(podB), cluster.Token(podC), "x", ""} {
				if answer, err := client.Try(Request{Path: "/any", Cookie: []string{"upstream=" + cookie}}); expect(0, answer, err, http.StatusOK) != nil {
					return err
				}
				short, stop := context.WithTimeout(ctx, time.Millisecond)
				if answer, err := client.Open(short, Request{Path: "/~/" + cluster.Token(podA) + "/s/given-up"}); err == nil {
					answer.Body.Close()
				}
				stop()
			}
			return nil
		})
	}
	repeat(func() error { // a pod comes and goes
		cluster.Pod(podB).Kill()
		time.Sleep(200 * time.Millisecond)
		cluster.StartPod(podB)
		time.Sleep(200 * time.Millisecond)
		return nil
	})
	repeat(func() error {
		number := counts[5].Add(1)
		if status, message := caddy.Load(configs[number%int64(len(configs))]); status != http.StatusOK {
			t.Errorf("reload: %d %s", status, message)
		}
		time.Sleep(500 * time.Millisecond)
		return nil
	})
	work.Wait()
	if !caddy.Running() {
		t.Fatal("Caddy has ended")
	}
	for kind, name := range kinds {
		count := counts[kind].Load()
		t.Logf("%d %s", count, name)
		if count < 10 {
			t.Errorf("only %d %s", count, name)
		}
	}
	caddy.Stop()
	if output := caddy.Output.String(); strings.Contains(output, "DATA RACE") || strings.Contains(output, "panic") {
		_, report, _ := strings.Cut(output, "WARNING: DATA RACE")
		t.Errorf("the race detector reports:\n%.6000s", report)
	}
}
