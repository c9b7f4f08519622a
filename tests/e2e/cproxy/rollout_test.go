// Package cproxy builds examples/c-proxy and runs a small rollout through it.
package cproxy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

const (
	old    = "127.0.1.1"
	fresh  = "127.0.1.2"
	nobody = "127.0.1.9"
	name   = "pods.test"
)

// build compiles the example as its own comment says.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "proxy")
	script := `${CC:-cc} -std=c11 -g -O1 -Wall -Wextra -Wpedantic -Wshadow -Werror examples/c-proxy/proxy.c ` +
		`$(pkg-config --cflags --libs doors_caddy) -lpthread -o "$0"`
	command := exec.Command("sh", "-c", script, binary)
	command.Dir = Root(t)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// start runs the proxy for the cluster with the given host names. It returns a Caddy value for
// making clients.
func start(t *testing.T, cluster *Cluster, hosts *Hosts) *Caddy {
	t.Helper()
	port := Port(t, "127.0.0.1")
	folder := t.TempDir()
	config, err := json.Marshal(map[string]any{
		"secret":    cluster.Secret,
		"upstreams": []any{map[string]any{"cidr": "127.0.1.0/24", "host": name, "port": cluster.Port}},
	})
	if err != nil {
		t.Fatal(err)
	}
	arguments := hosts.Wrap(t, folder, []string{build(t), fmt.Sprint(port)})
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Stdin = bytes.NewReader(config)
	output := &Output{}
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the proxy wrote:\n%s", output)
		}
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for limit := time.Now().Add(Patience); ; time.Sleep(10 * time.Millisecond) {
		if one, err := net.Dial("tcp", address); err == nil {
			one.Close()
			break
		} else if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
	return &Caddy{Places: Places{HTTP: port}}
}

// eventually waits until a page load goes to the given pod.
func eventually(t *testing.T, visitor *Browser, wanted string) *Page {
	t.Helper()
	for limit := time.Now().Add(Patience); ; time.Sleep(50 * time.Millisecond) {
		visitor.SetCookie("upstream", "")
		page := visitor.MustLoad("/")
		if page.Pod == wanted {
			return page
		}
		if time.Now().After(limit) {
			t.Fatalf("pages still go to %s", page.Pod)
		}
	}
}

func TestRollout(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, old, fresh)
	hosts := NewHosts(map[string][]string{name: {old}})
	proxy := start(t, cluster, hosts)
	visitor := proxy.NewBrowser(t, H1)

	// A page on the old pod: a stream, a hook, a report, a resource.
	page := visitor.MustLoad("/")
	if page.Pod != old {
		t.Fatalf("the page lives in %s", page.Pod)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream := make(chan string, 1)
	go func() {
		answer, err := visitor.Open(ctx, Request{Path: page.Sync(1), Cookie: visitor.Cookies()})
		if err != nil {
			stream <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		stream <- fmt.Sprintf("%d %v %x", answer.StatusCode, err, body)
	}()
	cluster.Pod(old).Wait(t, "the stream", func(event pod.Event) bool {
		return event.Kind == pod.RequestBegan && event.Request.URI == page.Sync(1)
	})
	works := func(when string) {
		t.Helper()
		for _, request := range []Request{
			{Method: "POST", Path: page.Hook("1", 1), Body: strings.NewReader("{}")},
			{Path: page.Script},
		} {
			answer, err := visitor.Send(request)
			if err != nil || answer.Status != http.StatusOK {
				t.Fatalf("%s: %s %s: %d, %v", when, request.Method, request.Path, answer.Status, err)
			}
		}
	}
	works("before the rollout")

	// The rollout: new pages go to the fresh pod, and the old page stays on its pod.
	hosts.Set(t, name, fresh)
	cluster.Pod(old).Drain()
	other := eventually(t, proxy.NewBrowser(t, H1), fresh)
	works("while the old pod drains")
	if saw := cluster.Saw(page.Hook("1", 1)); len(saw) != 2 || saw[0] != old || saw[1] != old {
		t.Errorf("the hook went to %v", saw)
	}

	// The old pod dies. Its page is told to reload at once, with an answer that is not cached, and
	// its resources come from another pod.
	cluster.Pod(old).Kill()
	if ended := <-stream; !strings.HasPrefix(ended, "200") && !strings.Contains(ended, "EOF") && !strings.HasPrefix(ended, "502") && !strings.HasPrefix(ended, "503") {
		t.Errorf("the stream ended with %s", ended)
	}
	for _, request := range []Request{
		{Path: page.Sync(2)},
		{Method: "POST", Path: page.Hook("1", 2), Body: strings.NewReader(strings.Repeat("x", 1<<20))},
	} {
		answer, err := visitor.Send(request)
		if err != nil || answer.Status != http.StatusGone || answer.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s %s of a dead pod: %d %v, %v", request.Method, request.Path, answer.Status, answer.Header, err)
		}
	}
	if answer, err := visitor.Send(Request{Path: page.Script}); err != nil || answer.Status != http.StatusOK {
		t.Errorf("a resource of a dead pod: %d, %v", answer.Status, err)
	}
	if answer, _ := visitor.Send(Request{Path: "/~/forged/h/1/1"}); answer.Status != http.StatusGone {
		t.Errorf("a forged token: %d", answer.Status)
	}
	if again := visitor.MustLoad("/"); again.Pod != fresh || other.Pod != fresh {
		t.Errorf("the page reloads onto %s", again.Pod)
	}
}

// A page load goes on to the next pod if one refuses, and waits if there is no pod, until its
// client leaves.
func TestFailoverAndWaiting(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, old)
	hosts := NewHosts(map[string][]string{name: {nobody, old}})
	proxy := start(t, cluster, hosts)
	visitor := proxy.NewBrowser(t, H1)
	for range 20 {
		visitor.SetCookie("upstream", "")
		if page := visitor.MustLoad("/"); page.Pod != old {
			t.Fatalf("the page lives in %s", page.Pod)
		}
	}
	cluster.Pod(old).Kill()
	LeaveWhileWaiting(t, proxy.Places.HTTP)
	loaded := make(chan error, 1)
	go func() {
		_, err := visitor.Load("/late")
		loaded <- err
	}()
	select {
	case err := <-loaded:
		t.Fatalf("the page load did not wait: %v", err)
	case <-time.After(time.Second):
	}
	cluster.StartPod(old)
	if err := <-loaded; err != nil {
		t.Error(err)
	}

	// No pod appears: the answer is a page that reloads itself.
	cluster.Pod(old).Kill()
	answer, err := visitor.Send(Request{Path: "/"})
	if err != nil || answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" ||
		answer.Header.Get("Cache-Control") != "no-store" || !strings.Contains(answer.Body, "refresh") {
		t.Errorf("no pod: %d %v %q, %v", answer.Status, answer.Header, answer.Body, err)
	}
}

func TestLastChoice(t *testing.T) {
	cluster := &Cluster{Secret: NewSecret(32), Port: Port(t, old)}
	proxy := start(t, cluster, NewHosts(map[string][]string{name: {old}}))
	LastChoice(t, proxy.Places.HTTP, fmt.Sprintf("%s:%d", old, cluster.Port))
}
