package onemachine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// systemd is a manager that starts instances of app@.service. They run as the unit describes them,
// in their own root but without a sandbox.
type systemd struct {
	*manager
	unit    map[string][]string // settings of the unit, in order
	enabled map[string]bool     // written with mu held
}

// startSystemd starts a manager that can also deploy pods with the given secret and port.
func startSystemd(t *testing.T, secret string, port int) *systemd {
	t.Helper()
	s := &systemd{startManager(t, "systemctl"), map[string][]string{}, map[string]bool{}}
	text, err := os.ReadFile(filepath.Join(harness.Root(t), "deploy/systemd/app@.service"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			s.unit[name] = append(s.unit[name], value)
		}
	}
	s.obey = s.systemctl
	s.command = func(address string) (*exec.Cmd, error) { return s.execute(address, secret, port) }
	s.deploy = func(arguments ...string) (string, bool) {
		t.Helper()
		return s.script(filepath.Join(harness.Root(t), "deploy/systemd/deploy.sh"),
			[]string{"APP_FOLDER=" + filepath.Join(s.root, "srv/app"), fmt.Sprintf("APP_PORT=%d", port)}, arguments...)
	}
	return s
}

func (s *systemd) systemctl(call []string) (string, error) {
	if len(call) < 2 {
		return "", fmt.Errorf("systemctl %q names no unit", call)
	}
	address, isApp := strings.CutPrefix(call[len(call)-1], "app@")
	if !isApp {
		return "", fmt.Errorf("no unit %s", call[len(call)-1])
	}
	switch verb := strings.Join(call[:len(call)-1], " "); verb {
	case "show --property=ActiveState --value":
		return s.state(address) + "\n", nil
	case "is-failed --quiet":
		if s.state(address) != "failed" {
			return "", fmt.Errorf("has not failed")
		}
		return "", nil
	case "start":
		return "", s.start(address)
	case "stop", "stop --no-block":
		if ended := s.stop(address); verb == "stop" {
			<-ended
		}
		return "", nil
	case "enable --quiet", "disable --quiet":
		s.mu.Lock()
		defer s.mu.Unlock()
		s.enabled[address] = call[0] == "enable"
		return "", nil
	default:
		return "", fmt.Errorf("this systemctl cannot %s", verb)
	}
}

// execute returns the command of an instance.
func (s *systemd) execute(address, secret string, port int) (*exec.Cmd, error) {
	credentials := filepath.Join(s.root, "credentials", address)
	if err := os.MkdirAll(credentials, 0o700); err != nil {
		return nil, err
	}
	specifiers := strings.NewReplacer("%i", address, "%d", credentials)
	command := exec.Command(filepath.Join(s.root, specifiers.Replace(s.unit["ExecStart"][0])))
	command.Env = []string{"PATH=" + os.Getenv("PATH"), fmt.Sprintf("%s=%d", asPod, port)}
	for _, setting := range s.unit["Environment"] {
		command.Env = append(command.Env, specifiers.Replace(setting))
	}
	for _, credential := range s.unit["LoadCredential"] {
		name, _, _ := strings.Cut(credential, ":")
		if err := os.WriteFile(filepath.Join(credentials, name), []byte(secret+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	return command, nil
}

// startsAtBoot returns the addresses whose instances are enabled.
func (s *systemd) startsAtBoot() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for address, is := range s.enabled {
		if is {
			found = append(found, address)
		}
	}
	slices.Sort(found)
	return found
}
