package onemachine

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// site is the reverse_proxy of deploy/systemd/Caddyfile with another secret and port.
func site(t *testing.T, secret string, port int) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "deploy/systemd/Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "\nexample.com {\n")
	block, _, ended := strings.Cut(block, "\n}\n")
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"{file./etc/doors/secret}": "{file." + file + "}", "upstream_port 8080": fmt.Sprintf("upstream_port %d", port)} {
		found = found && strings.Count(block, from) == 1
		block = strings.Replace(block, from, to, 1)
	}
	if !found || !ended {
		t.Fatalf("the Caddyfile is not as this test knows it:\n%s", text)
	}
	return block
}

// The deploy script and the unit of the app, under load: what TestRollouts says holds, and a version that does not come up changes nothing.
func TestDeployScript(t *testing.T) {
	secret, port := NewSecret(32), Port(t, addresses[:]...)
	m := startManager(t, secret+"\n", fmt.Sprintf("%s=%d", asPod, port))
	app, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	deploy := func(arguments ...string) {
		t.Helper()
		if output, ok := m.deploy(port, arguments...); !ok {
			t.Fatalf("deploy.sh %v failed:\n%s", arguments, output)
		}
	}
	fails := func(because, program string) {
		t.Helper()
		if output, ok := m.deploy(port, program); ok || !strings.Contains(output, because) {
			t.Errorf("deploy.sh %s: success %v, without %q:\n%s", program, ok, because, output)
		}
	}
	states := func(first, second string) {
		t.Helper()
		if m.state(addresses[0]) != first || m.state(addresses[1]) != second {
			t.Fatalf("%s and %s, not %s and %s", m.state(addresses[0]), m.state(addresses[1]), first, second)
		}
	}

	deploy(app) // the first one: nothing runs yet
	states("active", "inactive")
	caddy := Start(t, Options{Config: Config{Handlers: site(t, secret, port)}})
	crowd := &crowd{t: t, draining: map[string]time.Time{}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for number := range visitors {
		crowd.group.Add(1)
		browser := caddy.NewBrowser(t, Protocols[number%2])
		go crowd.visit(ctx, browser)
	}

	for number := range 6 {
		now, next := addresses[number%2], addresses[(number+1)%2]
		Eventually(t, "visitors click", crowd.clicked(100))
		switch number {
		case 1:
			fails("does not come up", program(t, "exit 1"))
			states("failed", "active")
		case 2:
			fails("does not come up", program(t, "exec sleep 600"))
			states("active", "inactive")
		case 3:
			fails("usage", filepath.Join(t.TempDir(), "nothing"))
		case 4: // another process has the address
			other, err := net.Listen("tcp", fmt.Sprintf("%s:%d", next, port))
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
			go server.Serve(other)
			fails("must listen on POD_IP alone", app)
			server.Close()
		}
		crowd.fresh(next)
		wait := number%2 == 0
		if wait {
			deploy("--wait", app)
		} else {
			deploy(app)
			// What it leaves behind drains, or has ended already.
			if state := m.state(now); state == "active" || state == "failed" {
				t.Errorf("the old version is %s", state)
			}
		}
		Eventually(t, "the old version knows that it drains", func() bool { return readiness(fmt.Sprintf("%s:%d", now, port)) != http.StatusOK })
		crowd.drains(now)
		if wait && m.state(now) != "inactive" {
			t.Errorf("--wait has not waited: the old version is %s", m.state(now))
		}
		Eventually(t, "the old version has ended", func() bool { return m.state(now) == "inactive" || t.Failed() })
		if boot := m.startsAtBoot(); len(boot) != 1 || boot[0] != next {
			t.Errorf("%v start at boot, not %s alone", boot, next)
		}
		if t.Failed() {
			t.Fatalf("in rollout %d", number+1)
		}
	}
	Eventually(t, "visitors click", crowd.clicked(100))
	cancel()
	crowd.group.Wait()
	t.Logf("%d pages, %d clicks, %d reloads", crowd.pages.Load(), crowd.clicks.Load(), crowd.reloads.Load())
	if crowd.reloads.Load() < 6 {
		t.Errorf("%d reloads in 6 rollouts: is this test blind?", crowd.reloads.Load())
	}
}

// While both addresses are in use there is nothing to deploy to.
func TestDeployScriptNeedsAnAddress(t *testing.T) {
	secret, port := NewSecret(32), Port(t, addresses[:]...)
	m := startManager(t, secret, fmt.Sprintf("%s=%d", asPod, port))
	app, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if output, ok := m.deploy(port, app); !ok {
		t.Fatal(output)
	}
	browser := Start(t, Options{Config: Config{Handlers: site(t, secret, port)}}).NewBrowser(t, H1)
	page, err := browser.Load("/")
	if err != nil {
		t.Fatal(err)
	}
	if output, ok := m.deploy(port, app); !ok {
		t.Fatal(output)
	}
	for _, want := range []string{"no address is free", "draining " + page.Pod, "running app@" + addresses[1]} {
		if output, ok := m.deploy(port, app); ok || !strings.Contains(output, want) {
			t.Errorf("success %v, without %q:\n%s", ok, want, output)
		}
	}
	if m.state(page.Pod) != "deactivating" {
		t.Errorf("the page has not kept its pod: it is %s", m.state(page.Pod))
	}
}

// program is a file to execute that a shell reads.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
