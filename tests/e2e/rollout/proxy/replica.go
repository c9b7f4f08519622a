package proxy

// In:  a configuration and an address of 127.0.0.0/8.
// Out: a Caddy that serves there, reloads and ends on order.

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/child"
)

// startLimit is how long Caddy may take to start, also on a machine that is busy.
const startLimit = 60 * time.Second

// Replica is one Caddy process.
type Replica struct {
	Address netip.Addr

	config  Config
	log     string // path
	command *exec.Cmd
	ended   chan struct{}
}

// Start runs Caddy in a new folder below the given one and waits until it is ready. Call it from the goroutine that is locked
// to the main thread: the process ends with the thread that started it.
func Start(config Config, address netip.Addr, folder string) (*Replica, error) {
	folder, err := os.MkdirTemp(folder, "caddy-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, []byte(config.caddyfile(address)), 0o600); err != nil {
		return nil, err
	}
	r := &Replica{Address: address, config: config, log: filepath.Join(folder, "log"), ended: make(chan struct{})}
	log, err := os.Create(r.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r.command = exec.Command(config.Binary, "run", "--config", path, "--adapter", "caddyfile")
	r.command.Dir = folder
	r.command.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	r.command.Stdout, r.command.Stderr = log, log
	r.command.SysProcAttr = child.Attributes()
	if err := r.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(r.ended)
		_ = r.command.Wait() // ProcessState tells
	}()
	return r, r.ready()
}

func (r *Replica) ready() error {
	limit := time.Now().Add(startLimit)
	for {
		if answer, err := http.Get(r.admin("/config/")); err == nil {
			_ = answer.Body.Close()
			return nil
		}
		select {
		case <-r.ended:
			return fmt.Errorf("Caddy did not start:\n%s", r.Log(3000))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(limit) {
			return errors.Join(fmt.Errorf("Caddy is not ready after %v", startLimit), r.Kill())
		}
	}
}

func (r *Replica) admin(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", r.config.Admin, path)
}

// Reload loads the configuration anew, with the given secret, even if nothing has changed.
func (r *Replica) Reload(secret string) error {
	config := r.config
	config.Secret = secret
	request, err := http.NewRequest(http.MethodPost, r.admin("/load"), strings.NewReader(config.caddyfile(r.Address)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/caddyfile")
	request.Header.Set("Cache-Control", "must-revalidate") // as `caddy reload --force` does
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("Caddy refused to reload: %s", text)
	}
	return nil
}

// Stop asks the process to end. It waits for its requests first.
func (r *Replica) Stop() error { return r.command.Process.Signal(syscall.SIGTERM) }

// Ended waits for the process to end and fails if it has not, or not well.
func (r *Replica) Ended(patience time.Duration) error {
	select {
	case <-r.ended:
		if !r.command.ProcessState.Success() {
			return fmt.Errorf("Caddy at %s: %v\n%s", r.Address, r.command.ProcessState, r.Log(3000))
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("Caddy at %s has not ended %v after SIGTERM", r.Address, patience)
	}
}

// Kill ends the process at once.
func (r *Replica) Kill() error {
	_ = r.command.Process.Kill()
	<-r.ended
	return nil
}

// Running tells whether the process lives.
func (r *Replica) Running() bool {
	select {
	case <-r.ended:
		return false
	default:
		return true
	}
}

// Log is the end of what Caddy has written, in bytes at most.
func (r *Replica) Log(most int) string {
	text, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return string(text)
}

// Panics are the lines of the log that tell of a panic or of a data race.
func (r *Replica) Panics() []string {
	text, err := os.ReadFile(r.log)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "panic") || strings.Contains(line, "DATA RACE") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}
