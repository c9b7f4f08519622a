package onemachine

// In:  the unit of the app, and the calls of systemctl by the deploy script.
// Out: processes as the unit describes them, started and stopped in place of systemd.

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// asSystemctl makes this program a client of a manager, if that is its name; the value is the URL.
const asSystemctl = "DOORS_TEST_MANAGER"

// runSystemctl passes a call on to the manager and returns the exit code.
func runSystemctl(manager string) int {
	call, err := json.Marshal(os.Args[1:])
	if err != nil {
		panic(err) // strings are always JSON
	}
	answer, err := http.Post(manager, "application/json", strings.NewReader(string(call)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 4
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 4
	case answer.StatusCode != http.StatusOK:
		fmt.Fprintln(os.Stderr, string(text))
		return 1
	}
	fmt.Print(string(text))
	return 0
}

// manager stands in for systemd. Its units are instances of app@.service, and their files are below root.
type manager struct {
	t      *testing.T
	root   string
	url    string
	unit   map[string][]string // settings of the unit, in order
	secret string              // in place of what LoadCredential reads
	extra  []string            // environment of the processes beyond that of the unit

	mu      sync.Mutex
	units   map[string]*unit // by address
	enabled map[string]bool
	output  harness.Output
}

// unit is a process that is running or has run.
type unit struct {
	command *exec.Cmd
	ordered bool          // told to stop
	ended   chan struct{} // closed when the process has ended
}

func startManager(t *testing.T, secret string, extra ...string) *manager {
	t.Helper()
	m := &manager{t: t, root: t.TempDir(), secret: secret, extra: extra, unit: map[string][]string{},
		units: map[string]*unit{}, enabled: map[string]bool{}}
	text, err := os.ReadFile(filepath.Join(harness.Root(t), "deploy/systemd/app@.service"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			m.unit[name] = append(m.unit[name], value)
		}
	}
	server := httptest.NewServer(m)
	m.url = server.URL
	t.Cleanup(func() {
		m.mu.Lock()
		for _, one := range m.units {
			_ = one.command.Process.Kill()
		}
		m.mu.Unlock()
		server.Close()
		if t.Failed() {
			t.Logf("the processes wrote:\n%s", m.output.Tail(3000))
		}
	})
	return m
}

// ServeHTTP obeys one call of systemctl.
func (m *manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call []string
	err := json.NewDecoder(r.Body).Decode(&call)
	if err == nil {
		var text string
		if text, err = m.obey(call); err == nil {
			fmt.Fprint(w, text)
			return
		}
	}
	http.Error(w, err.Error(), http.StatusConflict)
}

func (m *manager) obey(call []string) (string, error) {
	if len(call) < 2 {
		return "", fmt.Errorf("systemctl %q names no unit", call)
	}
	options := call[1 : len(call)-1]
	address, isApp := strings.CutPrefix(call[len(call)-1], "app@")
	if !isApp {
		return "", fmt.Errorf("no unit %s", call[len(call)-1])
	}
	switch verb := fmt.Sprint(call[0], options); verb {
	case "show[--property=ActiveState --value]":
		return m.state(address) + "\n", nil
	case "is-failed[--quiet]":
		if m.state(address) != "failed" {
			return "", fmt.Errorf("has not failed")
		}
		return "", nil
	case "start[]":
		return "", m.start(address)
	case "stop[]", "stop[--no-block]":
		if ended := m.stop(address); verb == "stop[]" {
			<-ended
		}
		return "", nil
	case "enable[--quiet]", "disable[--quiet]":
		m.mu.Lock()
		defer m.mu.Unlock()
		m.enabled[address] = call[0] == "enable"
		return "", nil
	default:
		return "", fmt.Errorf("this systemctl cannot %s", verb)
	}
}

// state is the ActiveState of an instance.
func (m *manager) state(address string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.units[address]
	if one == nil {
		return "inactive"
	}
	select {
	case <-one.ended:
		status := one.command.ProcessState.Sys().(syscall.WaitStatus)
		if status.ExitStatus() == 0 || one.ordered && status.Signal() == syscall.SIGTERM {
			return "inactive"
		}
		return "failed"
	default:
	}
	if one.ordered {
		return "deactivating"
	}
	return "active"
}

// start starts a process as the unit says, but in a root of its own and without a sandbox.
func (m *manager) start(address string) error {
	if state := m.state(address); state == "active" || state == "deactivating" {
		return fmt.Errorf("app@%s is %s", address, state)
	}
	credentials := filepath.Join(m.root, "credentials", address)
	if err := os.MkdirAll(credentials, 0o700); err != nil {
		return err
	}
	specifiers := strings.NewReplacer("%i", address, "%d", credentials)
	command := exec.Command(filepath.Join(m.root, specifiers.Replace(m.unit["ExecStart"][0])))
	command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, m.extra...)
	for _, setting := range m.unit["Environment"] {
		command.Env = append(command.Env, specifiers.Replace(setting))
	}
	for _, credential := range m.unit["LoadCredential"] {
		name, _, _ := strings.Cut(credential, ":")
		if err := os.WriteFile(filepath.Join(credentials, name), []byte(m.secret), 0o600); err != nil {
			return err
		}
	}
	command.Stdout, command.Stderr = &m.output, &m.output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	one := &unit{command: command, ended: make(chan struct{})}
	go func() {
		defer close(one.ended)
		_ = command.Wait() // ProcessState tells
	}()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units[address] = one
	return nil
}

// stop sends SIGTERM and returns a channel that is closed when the process has ended.
func (m *manager) stop(address string) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.units[address]
	if one == nil {
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	if !one.ordered {
		one.ordered = true
		_ = one.command.Process.Signal(syscall.SIGTERM) // fails if it has ended
	}
	return one.ended
}

// startsAtBoot lists the addresses whose instances are enabled.
func (m *manager) startsAtBoot() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []string
	for address, is := range m.enabled {
		if is {
			found = append(found, address)
		}
	}
	slices.Sort(found)
	return found
}

// deploy runs the script, and returns what it prints and whether it succeeds.
func (m *manager) deploy(port int, arguments ...string) (output string, ok bool) {
	m.t.Helper()
	self, err := os.Executable()
	if err != nil {
		m.t.Fatal(err)
	}
	tools := filepath.Join(m.root, "tools")
	if err := os.MkdirAll(tools, 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(tools, "systemctl")); err != nil && !os.IsExist(err) {
		m.t.Fatal(err)
	}
	command := exec.Command(filepath.Join(harness.Root(m.t), "deploy/systemd/deploy.sh"), arguments...)
	command.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), asSystemctl+"="+m.url,
		"APP_FOLDER="+filepath.Join(m.root, "srv/app"), fmt.Sprintf("APP_PORT=%d", port), "APP_PATIENCE=5")
	text, err := command.CombinedOutput()
	return string(text), err == nil
}
