package onemachine

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// site returns the reverse_proxy of a Caddyfile in deploy/, with some texts replaced.
func site(t *testing.T, path, address string, replace map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "deploy", path))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "\n"+address+" {\n")
	block, _, ended := strings.Cut(block, "\n}\n")
	for from, to := range replace {
		found = found && strings.Count(block, from) == 1
		block = strings.Replace(block, from, to, 1)
	}
	if !found || !ended {
		t.Fatalf("this test does not match the Caddyfile:\n%s", text)
	}
	return block
}

// secretFile returns a placeholder for a file with the secret.
func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "{file." + path + "}"
}

// The script, the unit and the Caddyfile for systemd work together.
func TestDeployScript(t *testing.T) {
	secret, port := NewSecret(32), Port(t, addresses[:]...)
	s := startSystemd(t, secret, port)
	handlers := site(t, "systemd/Caddyfile", "example.com", map[string]string{
		"{file./etc/doors/secret}": secretFile(t, secret), "upstream_port 8080": fmt.Sprintf("upstream_port %d", port)})
	deployments(t, s.manager, handlers, port, func(t *testing.T, next string) {
		if boot := s.startsAtBoot(); len(boot) != 1 || boot[0] != next {
			t.Errorf("%v start at boot, want only %s", boot, next)
		}
	})

	// Another process uses the free address.
	free := addresses[0]
	if s.state(free) == "active" {
		free = addresses[1]
	}
	other, err := net.Listen("tcp", fmt.Sprintf("%s:%d", free, port))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go server.Serve(other)
	defer server.Close()
	if output, ok := s.deploy(self(t)); ok || !strings.Contains(output, "must listen on POD_IP alone") || s.state(free) != "inactive" {
		t.Errorf("success %v, %s is %s:\n%s", ok, free, s.state(free), output)
	}
}

// The script and the Caddyfile for Docker Compose work together. Only its name server is missing.
func TestComposeScript(t *testing.T) {
	secret, port := NewSecret(32), Port(t, addresses[:]...)
	handlers := site(t, "compose/caddy/Caddyfile", "{$SITE}", map[string]string{
		"{file./run/secrets/doors}": secretFile(t, secret), "upstream_port 8080": fmt.Sprintf("upstream_port %d", port),
		"pod_cidr 172.30.0.0/24": "pod_cidr 127.0.1.0/24", "host app": "host " + strings.Join(addresses[:], " ")})
	deployments(t, startDocker(t, secret, port), handlers, port, func(*testing.T, string) {})
}

// deployments deploys under load. The promises of TestRollouts hold, and a version that fails to
// start changes nothing.
func deployments(t *testing.T, m *manager, handlers string, port int, check func(t *testing.T, next string)) {
	t.Helper()
	app := self(t)
	deploy := func(arguments ...string) {
		t.Helper()
		if output, ok := m.deploy(arguments...); !ok {
			t.Fatalf("deploy.sh %v failed:\n%s", arguments, output)
		}
	}
	fails := func(because string, arguments ...string) {
		t.Helper()
		if output, ok := m.deploy(arguments...); ok || !strings.Contains(output, because) {
			t.Errorf("deploy.sh %v: success %v, without %q:\n%s", arguments, ok, because, output)
		}
	}
	states := func(now, next string, running, other string) {
		t.Helper()
		if m.state(now) != running || m.state(next) != other {
			t.Fatalf("%s is %s and %s is %s, want %s and %s", now, m.state(now), next, m.state(next), running, other)
		}
	}

	deploy(app) // the first one: nothing is running yet
	states(addresses[0], addresses[1], "active", "inactive")
	caddy := Start(t, Options{Config: Config{Handlers: handlers}})
	crowd := gather(t, caddy)

	const rollouts = 5
	for number := range rollouts {
		now, next := addresses[number%2], addresses[(number+1)%2]
		Eventually(t, "visitors click", crowd.clicked(100))
		switch number {
		case 1:
			fails("does not become ready", program(t, "exit 1"))
			states(now, next, "active", "failed")
		case 2:
			fails("does not become ready", program(t, "exec sleep 600"))
			states(now, next, "active", "inactive")
		case 3:
			fails("usage")
			fails("usage", app, app)
		}
		crowd.fresh(next)
		wait := number%2 == 0
		if wait {
			deploy("--wait", app)
		} else {
			deploy(app)
		}
		Eventually(t, "the old version knows that it drains", func() bool { return readiness(fmt.Sprintf("%s:%d", now, port)) != http.StatusOK })
		crowd.drains(now)
		if wait {
			states(next, now, "active", "inactive")
		}
		Eventually(t, "the old version has ended", func() bool { return m.state(now) == "inactive" || t.Failed() })
		check(t, next)
		if t.Failed() {
			t.Fatalf("in rollout %d", number+1)
		}
	}
	crowd.leaves(rollouts)
}

// While both addresses are in use, a deployment is refused.
func TestScriptsNeedAnAddress(t *testing.T) {
	secret, port := NewSecret(32), Port(t, addresses[:]...)
	for name, m := range map[string]*manager{"systemd": startSystemd(t, secret, port).manager, "compose": startDocker(t, secret, port)} {
		t.Run(name, func(t *testing.T) {
			if output, ok := m.deploy(self(t)); !ok {
				t.Fatal(output)
			}
			browser := Start(t, Options{Config: Config{Handlers: Caddyfile("dynamic_upstreams", secret, "upstream",
				[]Upstream{{CIDR: "127.0.1.0/24", Host: strings.Join(addresses[:], " "), Port: port}}, "")}}).NewBrowser(t, H1)
			page, err := browser.Load("/")
			if err != nil {
				t.Fatal(err)
			}
			if output, ok := m.deploy(self(t)); !ok {
				t.Fatal(output)
			}
			Eventually(t, "the first version drains", func() bool { return m.state(page.Pod) == "deactivating" })
			for _, want := range []string{"is free", "draining " + map[string]string{"systemd": page.Pod, "compose": "app-a"}[name], "running app"} {
				if output, ok := m.deploy(self(t)); ok || !strings.Contains(output, want) {
					t.Errorf("success %v, without %q:\n%s", ok, want, output)
				}
			}
			if m.state(page.Pod) != "deactivating" {
				t.Errorf("the page has not kept its pod: it is %s", m.state(page.Pod))
			}
			for _, address := range addresses {
				m.kill(address)
			}
		})
	}
}

// program returns an executable shell script.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
