package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"text/template"
	"time"

	"github.com/doors-dev/doors-caddy/demo/board"
)

//go:embed Caddyfile
var caddyfileText string

var caddyfileTemplate = template.Must(template.New("Caddyfile").Parse(caddyfileText))

// caddyfile returns the configuration.
func caddyfile(chosen options, secret, story, nameServer string) ([]byte, error) {
	site := func(address netip.AddrPort) string {
		if chosen.https {
			return chosen.url(address) // the address is in the certificate
		}
		return fmt.Sprintf("http://:%d", address.Port()) // under any host name
	}
	values := map[string]any{
		"App": site(chosen.listen), "AppAddress": chosen.listen.Addr(), "Status": site(chosen.status), "StatusAddress": chosen.status.Addr(),
		"Secret": secret, "RollTime": board.Roll, "SessionTime": board.Life, "Host": appName, "NameServer": nameServer, "PodPort": chosen.podPort, "Story": story, "TLS": "",
	}
	if chosen.https {
		values["TLS"] = "tls internal"
	}
	var text bytes.Buffer
	err := caddyfileTemplate.Execute(&text, values)
	return text.Bytes(), err
}

// caddy is the Caddy process.
type caddy struct {
	command *exec.Cmd
	folder  string
	ended   chan struct{} // closed when the process has ended and its output is read

	mu   sync.Mutex
	tail []string // the last errors it logged
	err  error
}

func startCaddy(chosen options, secret, story, nameServer string, screen *screen) (*caddy, error) {
	configuration, err := caddyfile(chosen, secret, story, nameServer)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "doors-demo-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, configuration, 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	child := &caddy{folder: folder, ended: make(chan struct{})}
	child.command = exec.Command(chosen.caddy, "run", "--config", path, "--adapter", "caddyfile")
	child.command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	// The process has a group of its own: Ctrl-C reaches only the demo, which then ends Caddy. If
	// the demo is killed, Caddy ends with it.
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

// read reads Caddy's log until the process has ended.
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

// line stores errors of Caddy and shows them. It ignores warnings: here they come from killed or
// missing pods.
func (c *caddy) line(line string, screen *screen) {
	var entry struct{ Level, Msg, Error string }
	if json.Unmarshal([]byte(line), &entry) == nil {
		switch entry.Level {
		case "info", "debug":
			return
		case "error":
			screen.say(eventWrong, "Caddy: %s: %s", entry.Msg, entry.Error)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tail = append(c.tail, line)
	if len(c.tail) > 10 {
		c.tail = c.tail[1:]
	}
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

// why says how the process ended, with its own last words if there are any.
func (c *caddy) why() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	reason := "no reason given"
	if c.err != nil {
		reason = c.err.Error()
	}
	return strings.Join(append([]string{reason}, c.tail...), "\n  ")
}

// stop asks the process to end, then kills it, and removes its folder.
func (c *caddy) stop(patience time.Duration) {
	_ = c.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(patience): // streams are open
		_ = c.command.Process.Kill()
		<-c.ended
	}
	_ = os.RemoveAll(c.folder)
}

// authority returns the certificate of the sites' authority, as PEM.
func (c *caddy) authority() ([]byte, error) {
	return os.ReadFile(filepath.Join(c.folder, "caddy/pki/authorities/local/root.crt"))
}
