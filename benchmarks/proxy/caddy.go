package proxy

// In:  a binary and its Caddyfile.
// Out: a Caddy process that serves.

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/child"
)

// startLimit is how long Caddy may take to start, also on a machine that is busy.
const startLimit = 60 * time.Second

// caddy is one Caddy process.
type caddy struct {
	places  places
	command *exec.Cmd
	output  bytes.Buffer // complete when ended is closed
	ended   chan struct{}
}

// places are the TCP ports of one Caddy on 127.0.0.1.
type places struct{ admin, http, https int }

func (c *caddy) pid() int { return c.command.Process.Pid }

// url is the address of a path of the admin API.
func (p places) url(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", p.admin, path) }

// startCaddy runs a binary in a folder of its own below the given one, and waits until it serves.
func startCaddy(on, binary, caddyfile, folder string, places places) (*caddy, error) {
	folder, err := os.MkdirTemp(folder, "caddy-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, []byte(caddyfile), 0o600); err != nil {
		return nil, err
	}
	c := &caddy{places: places, ended: make(chan struct{})}
	c.command = command(on, binary, "run", "--config", path, "--adapter", "caddyfile")
	c.command.Dir = folder
	c.command.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	c.command.Stdout, c.command.Stderr = &c.output, &c.output
	c.command.SysProcAttr = child.Attributes()
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.ended)
		_ = c.command.Wait() // whoever waits for ended asks why
	}()
	if err := c.ready(); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *caddy) ready() error {
	for limit := time.Now().Add(startLimit); time.Now().Before(limit); {
		if answer, err := http.Get(c.places.url("/config/")); err == nil {
			_ = answer.Body.Close()
			return nil
		}
		select {
		case <-c.ended:
			return fmt.Errorf("Caddy does not start: %v\n%s", c.command.ProcessState, c.output.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("Caddy is not ready after %v", startLimit)
}

// pause makes the process stand still, with its connections open, until resume.
func (c *caddy) pause() error { return c.command.Process.Signal(syscall.SIGSTOP) }

func (c *caddy) resume() error { return c.command.Process.Signal(syscall.SIGCONT) }

// stop ends the process: politely, and after two seconds by force.
func (c *caddy) stop() {
	_ = c.resume()
	_ = c.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(2 * time.Second):
		_ = c.command.Process.Kill()
		<-c.ended
	}
}
