package proxy

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/child"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// startLimit is how long a proxy may take to start, even on a busy machine.
const startLimit = 60 * time.Second

// Config describes all replicas.
type Config struct {
	Program     Program
	Binary      string // path of the program
	HTTP, HTTPS int    // ports
	Admin       int    // port of Caddy's admin API; on 127.0.0.0/8 a different one for each running replica
	Secret      string
	Upstreams   int
	Block       fleet.Block
	PodPort     int
	Resolver    string // host:port of the name server
	With        string // further options of the source in the Caddyfile, separated by semicolons
	Certificate Certificate
}

// Replica is a process of the proxy.
type Replica struct {
	Address netip.Addr

	config  Config
	folder  string
	log     string // path
	command *exec.Cmd
	ended   chan struct{}
}

// Start runs the proxy in a new folder below the given one and waits until it is ready. Call it
// from the goroutine that is locked to the main thread: the process ends with the thread that
// started it.
func Start(config Config, address netip.Addr, folder string) (*Replica, error) {
	folder, err := os.MkdirTemp(folder, "proxy-")
	if err != nil {
		return nil, err
	}
	arguments, err := config.Program.write(config, address, folder)
	if err != nil {
		return nil, err
	}
	r := &Replica{Address: address, config: config, folder: folder, log: filepath.Join(folder, "log"), ended: make(chan struct{})}
	log, err := os.Create(r.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r.command = exec.Command(config.Binary, arguments...)
	r.command.Dir = folder
	r.command.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	r.command.Stdout, r.command.Stderr = log, log
	r.command.SysProcAttr = child.Attributes()
	if err := r.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(r.ended)
		_ = r.command.Wait() // ProcessState has the result
	}()
	return r, r.ready()
}

func (r *Replica) ready() error {
	for limit := time.Now().Add(startLimit); !r.config.Program.ready(r); {
		select {
		case <-r.ended:
			return fmt.Errorf("the proxy did not start:\n%s", r.Log(3000))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(limit) {
			return errors.Join(fmt.Errorf("the proxy is not ready after %v", startLimit), r.Kill())
		}
	}
	return nil
}

// Reload loads the configuration with the given secret, even if nothing has changed.
func (r *Replica) Reload(secret string) error { return r.config.Program.reload(r, secret) }

// Evicts reports whether the proxy can evict pods.
func (r *Replica) Evicts() bool {
	_, can := r.config.Program.(evictor)
	return can
}

// Evict evicts a pod at a rate of pages per second. It returns when the order has taken effect.
func (r *Replica) Evict(pod netip.Addr, rate int) error {
	return r.config.Program.(evictor).evict(r, pod, rate)
}

// UndoEviction ends the eviction, and returns how many pages were told to reload.
func (r *Replica) UndoEviction(pod netip.Addr) (told int64, err error) {
	return r.config.Program.(evictor).undo(r, pod)
}

// Stop asks the process to end. It first completes its requests.
func (r *Replica) Stop() error { return r.command.Process.Signal(syscall.SIGTERM) }

// Ended waits for the process to end. It fails if the process does not end, or ends with an error.
func (r *Replica) Ended(patience time.Duration) error {
	select {
	case <-r.ended:
		if !r.command.ProcessState.Success() {
			return fmt.Errorf("the proxy at %s: %v\n%s", r.Address, r.command.ProcessState, r.Log(3000))
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("the proxy at %s has not ended %v after SIGTERM", r.Address, patience)
	}
}

// Kill kills the process.
func (r *Replica) Kill() error {
	_ = r.command.Process.Kill()
	<-r.ended
	return nil
}

// Running reports whether the process is running.
func (r *Replica) Running() bool {
	select {
	case <-r.ended:
		return false
	default:
		return true
	}
}

// Log returns the end of the proxy's output, at most the given number of bytes.
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

// Panics returns the lines of the log about panics and data races.
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
