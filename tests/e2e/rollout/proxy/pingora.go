package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// pingora is controlled through its configuration file. It prints "loaded" when it has read the
// file.
type pingora struct{}

const (
	pingoraFile = "doors.json"
	// pingoraGrace is how many seconds requests under way get when it ends.
	pingoraGrace = 8
)

func (pingora) write(c Config, address netip.Addr, folder string) ([]string, error) {
	if c.With != "" {
		return nil, errors.New("-with has lines of a Caddyfile: only Caddy takes them")
	}
	at := func(port int) string { return netip.AddrPortFrom(address, uint16(port)).String() }
	path := filepath.Join(folder, pingoraFile)
	return []string{path, c.Resolver, at(c.HTTP), at(c.HTTPS), c.Certificate.CertificateFile, c.Certificate.KeyFile, strconv.Itoa(pingoraGrace)},
		writeJSON(c, path)
}

// writeJSON writes the library's configuration.
func writeJSON(c Config, path string) error {
	type upstream struct {
		CIDR string `json:"cidr"`
		Host string `json:"host"`
		Port int    `json:"port"`
	}
	config := struct {
		Secret     string     `json:"secret"`
		CookieName string     `json:"cookie_name"`
		Upstreams  []upstream `json:"upstreams"`
	}{Secret: c.Secret, CookieName: "upstream"}
	for number := range c.Upstreams {
		config.Upstreams = append(config.Upstreams, upstream{c.Block.CIDR(number), fleet.Host(number), c.PodPort})
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

func (pingora) ready(r *Replica) bool {
	connection, err := net.Dial("tcp", netip.AddrPortFrom(r.Address, uint16(r.config.HTTPS)).String())
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}

func (p pingora) reload(r *Replica, secret string) error {
	config := r.config
	config.Secret = secret
	if err := writeJSON(config, filepath.Join(r.folder, pingoraFile)); err != nil {
		return err
	}
	before := p.loads(r)
	if err := r.command.Process.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	for limit := time.Now().Add(startLimit); p.loads(r) == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) || !r.Running() {
			return fmt.Errorf("the configuration was not loaded:\n%s", r.Log(3000))
		}
	}
	return nil
}

// loads returns how often it has loaded a configuration.
func (pingora) loads(r *Replica) int {
	text, err := os.ReadFile(r.log)
	if err != nil {
		return 0
	}
	return bytes.Count(text, []byte("loaded\n"))
}
