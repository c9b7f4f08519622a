package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// caddyfile is the documented configuration with the values of the demo: two
// upstreams, each with a host that names its fresh pod, and the status page with the
// metrics beside it. The access log tells the screen about requests that no pod has seen.
func caddyfile(chosen options, secret string) string {
	return fmt.Sprintf(`{
	admin off
	persist_config off
}

:%[1]d {
	bind %[2]s
	log {
		output stderr
		format json
	}
	reverse_proxy {
		dynamic_upstreams doors_upstream {
			secret %[3]s
			cookie_name upstream
			upstream {
				pod_cidr 127.0.1.0/24
				host 127.0.1.1
				upstream_port %[4]d
			}
			upstream {
				pod_cidr 127.0.2.0/24
				host 127.0.2.1
				upstream_port %[4]d
			}
		}
	}
}

http://%[5]s {
	bind %[6]s
	metrics /metrics
	doors_status
}
`, chosen.listen.Port(), chosen.listen.Addr(), secret, chosen.podPort, chosen.status, chosen.status.Addr())
}

// caddy is the child process.
type caddy struct {
	command *exec.Cmd
	folder  string
	ended   chan struct{} // closed when the process has ended and its output is read

	mu   sync.Mutex
	tail []string // the last errors it logged
	err  error
}

func startCaddy(chosen options, secret string, screen *screen) (*caddy, error) {
	folder, err := os.MkdirTemp("", "doors-demo-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, []byte(caddyfile(chosen, secret)), 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	child := &caddy{folder: folder, ended: make(chan struct{})}
	child.command = exec.Command(chosen.caddy, "run", "--config", path, "--adapter", "caddyfile")
	child.command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	// A group of its own: Ctrl-C reaches the demo alone, which then ends Caddy.
	// Should the demo be killed, Caddy ends with it.
	child.command.SysProcAttr = childAttributes()
	output, err := child.command.StderrPipe()
	if err == nil {
		err = child.command.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start Caddy: %w", err), os.RemoveAll(folder))
	}
	go child.read(output, screen)
	return child, nil
}

// read takes Caddy's log apart until the process has ended.
func (c *caddy) read(output io.Reader, screen *screen) {
	defer close(c.ended)
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimSpace(line); line != "" {
			c.line(line, screen)
		}
		if err != nil {
			break
		}
	}
	err := c.command.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *caddy) line(line string, screen *screen) {
	var access accessLine
	if json.Unmarshal([]byte(line), &access) == nil {
		if strings.HasPrefix(access.Logger, "http.log.access") {
			screen.caddyAnswer(access)
			return
		}
		if access.Level == "info" || access.Level == "debug" {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tail = append(c.tail, line)
	if len(c.tail) > 10 {
		c.tail = c.tail[1:]
	}
}

// accessLine is what the screen needs of a line of Caddy's access log.
type accessLine struct {
	Level   string `json:"level"`
	Logger  string `json:"logger"`
	Status  int    `json:"status"`
	Request struct {
		Method string `json:"method"`
		URI    string `json:"uri"`
	} `json:"request"`
	Header http.Header `json:"resp_headers"`
}

// ready waits until Caddy accepts connections.
func (c *caddy) ready(ctx context.Context, address netip.AddrPort) error {
	limit := time.After(30 * time.Second)
	for {
		connection, err := net.DialTimeout("tcp", address.String(), time.Second)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.ended:
			return errors.New("Caddy did not start: " + c.why())
		case <-limit:
			return fmt.Errorf("Caddy does not accept connections on %s after 30 seconds", address)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// why says how the process ended, in its own words if it left any.
func (c *caddy) why() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	reason := "no reason given"
	if c.err != nil {
		reason = c.err.Error()
	}
	return strings.Join(append([]string{reason}, c.tail...), "\n  ")
}

// stop ends the process, politely first, and removes its folder.
func (c *caddy) stop(patience time.Duration) {
	_ = c.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(patience): // open streams
		_ = c.command.Process.Kill()
		<-c.ended
	}
	_ = os.RemoveAll(c.folder)
}
