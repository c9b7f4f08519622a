package onemachine

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// asTool makes this program a client of a manager if it is started under the name of a tool. Its
// value is the manager's URL.
const asTool = "DOORS_TEST_MANAGER"

// runTool forwards a call to the manager and returns the exit code.
func runTool(manager string) int {
	call, err := json.Marshal(os.Args[1:])
	if err != nil {
		panic(err) // strings can always be encoded
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

// manager stands in for systemd or Docker: it runs processes of the app for a deploy script.
type manager struct {
	t       *testing.T
	root    string // folder for its files
	url     string
	tool    string                                   // the program that calls it
	obey    func(call []string) (string, error)      // returns the output of the tool
	command func(address string) (*exec.Cmd, error)  // the process of a version
	deploy  func(arguments ...string) (string, bool) // runs the script; returns its output and whether it succeeded

	mu     sync.Mutex
	units  map[string]*unit // by address
	output harness.Output
}

// unit is a process that is running or has run.
type unit struct {
	command *exec.Cmd
	ordered bool          // told to stop
	ended   chan struct{} // closed when the process has ended
}

func startManager(t *testing.T, tool string) *manager {
	t.Helper()
	m := &manager{t: t, root: t.TempDir(), tool: tool, units: map[string]*unit{}}
	server := httptest.NewServer(m)
	m.url = server.URL
	t.Cleanup(func() {
		for _, address := range addresses {
			m.kill(address)
		}
		server.Close()
		if t.Failed() {
			t.Logf("the processes wrote:\n%s", m.output.Tail(3000))
		}
	})
	return m
}

// ServeHTTP executes one call of the tool.
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

// state returns what systemd calls the ActiveState.
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

// start starts the process of an address.
func (m *manager) start(address string) error {
	if state := m.state(address); state == "active" || state == "deactivating" {
		return fmt.Errorf("%s is %s", address, state)
	}
	command, err := m.command(address)
	if err != nil {
		return err
	}
	command.Stdout, command.Stderr = &m.output, &m.output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	one := &unit{command: command, ended: make(chan struct{})}
	go func() {
		defer close(one.ended)
		_ = command.Wait() // ProcessState has the result
	}()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units[address] = one
	return nil
}

// stop sends SIGTERM. The returned channel is closed when the process has ended.
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
		_ = one.command.Process.Signal(syscall.SIGTERM) // fails if the process has ended
	}
	return one.ended
}

// kill kills a process, if there is one.
func (m *manager) kill(address string) {
	m.mu.Lock()
	one := m.units[address]
	m.mu.Unlock()
	if one != nil {
		_ = one.command.Process.Kill()
		<-one.ended
	}
}

// script runs a deploy script that uses this manager as its tool.
func (m *manager) script(path string, env []string, arguments ...string) (output string, ok bool) {
	m.t.Helper()
	tools := filepath.Join(m.root, "tools")
	if err := os.MkdirAll(tools, 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(self(m.t), filepath.Join(tools, m.tool)); err != nil && !os.IsExist(err) {
		m.t.Fatal(err)
	}
	command := exec.Command(path, arguments...)
	command.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), asTool+"="+m.url, "APP_PATIENCE=5")
	command.Env = append(command.Env, env...)
	text, err := command.CombinedOutput()
	return string(text), err == nil
}

// self returns the path of this program, which also runs as a pod and as a tool.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
