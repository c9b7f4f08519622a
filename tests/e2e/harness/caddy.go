package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Caddy is a running Caddy process.
type Caddy struct {
	Output *Output
	Folder string // of the process: configuration, data, autosave
	Places Places

	t       testing.TB
	command *exec.Cmd
	ended   chan struct{}
	hosts   *Hosts
	alone   bool
}

// Places are the addresses that a configuration uses.
type Places struct {
	Admin int // TCP port on 127.0.0.1
	HTTP  int // TCP port on 127.0.0.1, clear text
	HTTPS int // TCP and UDP port on 127.0.0.1
	Certificate
}

// Options say how to start Caddy.
type Options struct {
	Binary Binary   // default: Default
	Config Config   // configuration to run
	Env    []string // added to the environment, "NAME=value"
	Hosts  *Hosts   // host names for this process; nil for the system's
	Resume *Caddy   // instead of Config: run what this ended process has saved
	Alone  bool     // in a root folder with only the binary and the configuration; without Env, Hosts and Resume
}

// admin opens a connection for each request: loading a configuration closes connections of the
// admin API.
var admin = http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: Patience}

// NewPlaces chooses free ports and makes a certificate.
func NewPlaces(t testing.TB) Places {
	t.Helper()
	return Places{
		Admin: Port(t, "127.0.0.1"), HTTP: Port(t, "127.0.0.1"), HTTPS: Port(t, "127.0.0.1"),
		Certificate: NewCertificate(t),
	}
}

// Start runs Caddy with a configuration and waits until it serves.
func Start(t testing.TB, options Options) *Caddy {
	t.Helper()
	c := start(t, options)
	limit := time.Now().Add(Patience)
	for {
		answer, err := admin.Get(c.AdminURL("/config/"))
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return c
			}
		}
		select {
		case <-c.ended:
			t.Fatalf("Caddy did not start:\n%s", c.Output)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(limit) {
			t.Fatal("Caddy is not ready")
		}
	}
}

// StartFails runs Caddy with a configuration that it must reject, and returns its output.
func StartFails(t testing.TB, options Options) string {
	t.Helper()
	c := start(t, options)
	select {
	case <-c.ended:
	case <-time.After(Patience):
		t.Fatal("Caddy started with a faulty configuration")
	}
	if c.command.ProcessState.Success() {
		t.Fatalf("Caddy reports success:\n%s", c.Output)
	}
	return c.Output.String()
}

func start(t testing.TB, options Options) *Caddy {
	t.Helper()
	if options.Binary == (Binary{}) {
		options.Binary = Default
	}
	c := &Caddy{Output: &Output{}, t: t, ended: make(chan struct{}), hosts: options.Hosts, alone: options.Alone}
	arguments := []string{options.Binary.Path(t), "run"}
	if options.Resume != nil {
		c.Folder, c.Places = options.Resume.Folder, options.Resume.Places
		arguments = append(arguments, "--resume")
	} else {
		if options.Config.Places.Admin == 0 {
			options.Config.Places = NewPlaces(t)
		}
		c.Folder, c.Places = t.TempDir(), options.Config.Places
		name, adapter := options.Config.file()
		path := filepath.Join(c.Folder, name)
		if err := os.WriteFile(path, []byte(options.Config.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.alone {
			makeRoot(t, c.Folder, options.Binary)
			arguments[0], path = rootProgram, "/"+name
		}
		arguments = append(arguments, "--config", path)
		if adapter != "" {
			arguments = append(arguments, "--adapter", adapter)
		}
	}
	c.launch(options.Env, arguments)
	return c
}

// StartCommand runs a Caddy command that serves until it is stopped. It waits until the command
// accepts connections on a port of 127.0.0.1.
func StartCommand(t testing.TB, binary Binary, port int, arguments ...string) *Caddy {
	t.Helper()
	c := &Caddy{Output: &Output{}, Folder: t.TempDir(), t: t, ended: make(chan struct{})}
	c.launch(nil, append([]string{binary.Path(t)}, arguments...))
	for limit := time.Now().Add(Patience); time.Now().Before(limit); {
		connection, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
		if err == nil {
			connection.Close()
			return c
		}
		select {
		case <-c.ended:
			t.Fatalf("%v has ended:\n%s", arguments, c.Output)
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%v does not listen on port %d", arguments, port)
	return nil
}

func (c *Caddy) launch(env, arguments []string) {
	t := c.t
	t.Helper()
	arguments = c.hosts.Wrap(t, c.Folder, arguments)
	c.command = exec.Command(arguments[0], arguments[1:]...)
	c.command.Dir = c.Folder
	c.command.Env = append(os.Environ(),
		"HOME="+c.Folder, "XDG_CONFIG_HOME="+c.Folder, "XDG_DATA_HOME="+c.Folder, "GORACE=halt_on_error=0")
	c.command.Env = append(c.command.Env, env...)
	c.command.Stdout, c.command.Stderr = c.Output, c.Output
	c.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if c.alone {
		confine(c.command, c.Folder)
	}
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		_ = c.command.Wait() // ProcessState has the result
	}()
	t.Cleanup(func() {
		c.Stop()
		if t.Failed() {
			t.Logf("Caddy wrote:\n%s", c.Output.Tail(3000))
		}
	})
}

// Stop asks Caddy to end, and kills it after two seconds.
func (c *Caddy) Stop() {
	_ = c.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(2 * time.Second):
		_ = c.command.Process.Kill()
		<-c.ended
	}
}

// Running reports whether the process is running.
func (c *Caddy) Running() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// AdminURL returns the URL of a path of the admin API.
func (c *Caddy) AdminURL(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", c.Places.Admin, path)
}

// Admin calls the admin API and returns the status and the body.
func (c *Caddy) Admin(method, path, contentType string, body []byte) (int, string) {
	c.t.Helper()
	request, err := http.NewRequest(method, c.AdminURL(path), bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := askAdmin(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// Load replaces the configuration, and waits until the old one no longer listens. It returns the
// status and the message of the admin API.
func (c *Caddy) Load(config Config) (int, string) {
	c.t.Helper()
	contentType := "application/json"
	if _, adapter := config.file(); adapter != "" {
		contentType = "text/" + adapter
	}
	defer c.settle()
	return c.Admin("POST", "/load", contentType, []byte(c.Text(config)))
}

// Text returns a configuration with the addresses of this process.
func (c *Caddy) Text(config Config) string {
	config.Places = c.Places
	return config.String()
}

// Autosave returns the configuration that Caddy has saved for --resume.
func (c *Caddy) Autosave() string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.Folder, "caddy", "autosave.json"))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// Adapt converts a Caddyfile to JSON with `caddy adapt`.
func Adapt(t testing.TB, binary Binary, caddyfile string) (config string, messages string, ok bool) {
	t.Helper()
	return Run(t, binary, map[string]string{"Caddyfile": caddyfile}, "adapt", "--config", "Caddyfile", "--adapter", "caddyfile")
}

// SameJSON reports whether two JSON documents are equivalent.
func SameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	canonical := func(text string) string {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		out, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	return canonical(a) == canonical(b)
}

// Indent indents text by one level, for nested blocks of a Caddyfile.
func Indent(text string) string {
	return "\t" + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n\t")
}
