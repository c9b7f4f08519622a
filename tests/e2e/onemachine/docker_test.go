package onemachine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// places are the app services of compose.yaml, by name.
var places = map[string]string{"app-a": addresses[0], "app-b": addresses[1]}

func startDocker(t *testing.T, secret string, port int) *manager {
	t.Helper()
	m := startManager(t, "docker")
	folder := filepath.Join(m.root, "compose")
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(harness.Root(t), "deploy/compose"))); err != nil {
		t.Fatal(err)
	}
	m.obey = m.compose
	m.command = func(address string) (*exec.Cmd, error) {
		settings, err := os.ReadFile(filepath.Join(folder, ".env"))
		if err != nil {
			return nil, err
		}
		variable := map[string]string{addresses[0]: "APP_A=", addresses[1]: "APP_B="}[address]
		for line := range strings.Lines(string(settings)) {
			if image, found := strings.CutPrefix(strings.TrimSpace(line), variable); found {
				command := exec.Command(image)
				command.Env = []string{"PATH=" + os.Getenv("PATH"), fmt.Sprintf("%s=%d", asPod, port), "POD_IP=" + address, "DOORS_SECRET=" + secret}
				return command, nil
			}
		}
		return nil, fmt.Errorf(".env has no %s", variable)
	}
	m.deploy = func(arguments ...string) (string, bool) {
		t.Helper()
		return m.script(filepath.Join(folder, "deploy.sh"),
			[]string{"APP_ADDRESSES=" + strings.Join(addresses[:], " "), fmt.Sprintf("APP_PORT=%d", port)}, arguments...)
	}
	return m
}

func (m *manager) compose(call []string) (string, error) {
	service := call[len(call)-1]
	address, isApp := places[service]
	if !isApp {
		return "", fmt.Errorf("no such service: %s", service)
	}
	switch verb := strings.Join(call[:len(call)-1], " "); verb {
	case "compose ps --quiet --status running":
		if state := m.state(address); state != "active" && state != "deactivating" {
			return "", nil
		}
		return "0123456789ab\n", nil
	case "compose up --detach --no-deps --force-recreate":
		return "", m.start(address)
	case "compose stop", "compose stop --timeout 1":
		<-m.stop(address)
		return "", nil
	default:
		return "", fmt.Errorf("this docker cannot %s", verb)
	}
}
