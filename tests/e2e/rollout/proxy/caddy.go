package proxy

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// caddyfile returns the configuration of the replica at an address: the documented Caddyfile with
// replaced values.
func (c Config) caddyfile(address netip.Addr) string {
	var text strings.Builder
	fmt.Fprintf(&text, "{\n\tadmin %s\n\tpersist_config off\n\tauto_https disable_redirects\n}\n\n", c.admin(address))
	fmt.Fprintf(&text, "(doors) {\n\tbind %s\n\treverse_proxy {\n\t\tdynamic_upstreams doors_upstream {\n", address)
	fmt.Fprintf(&text, "\t\t\tsecret %s\n\t\t\tcookie_name upstream\n\t\t\tresolvers %s\n", c.Secret, c.Resolver)
	for option := range strings.SplitSeq(c.With, ";") {
		fmt.Fprintf(&text, "\t\t\t%s\n", strings.TrimSpace(option))
	}
	for upstream := range c.Upstreams {
		fmt.Fprintf(&text, "\t\t\tupstream {\n\t\t\t\tpod_cidr %s\n\t\t\t\thost %s\n\t\t\t\tupstream_port %d\n\t\t\t}\n",
			c.Block.CIDR(upstream), fleet.Host(upstream), c.PodPort)
	}
	text.WriteString("\t\t}\n\t}\n}\n\n")
	fmt.Fprintf(&text, "http://localhost:%d {\n\timport doors\n}\n\n", c.HTTP)
	fmt.Fprintf(&text, "https://localhost:%d {\n\ttls %s %s\n\timport doors\n}\n", c.HTTPS, c.Certificate.CertificateFile, c.Certificate.KeyFile)
	return text.String()
}

// caddy is controlled through its admin API.
type caddy struct{}

func (caddy) write(c Config, address netip.Addr, folder string) ([]string, error) {
	path := filepath.Join(folder, "Caddyfile")
	return []string{"run", "--config", path, "--adapter", "caddyfile"}, os.WriteFile(path, []byte(c.caddyfile(address)), 0o600)
}

func (c caddy) ready(r *Replica) bool {
	answer, err := http.Get(fmt.Sprintf("http://%s/config/", r.config.admin(r.Address)))
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return true
}

// admin returns the address of a replica's admin API. On the loopback network it must be 127.0.0.1:
// Caddy accepts requests only for that.
func (c Config) admin(address netip.Addr) netip.AddrPort {
	if address.IsLoopback() {
		address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.AddrPortFrom(address, uint16(c.Admin))
}

func (c caddy) reload(r *Replica, secret string) error {
	config := r.config
	config.Secret = secret
	_, err := c.order(r, http.MethodPost, "/load", "text/caddyfile", config.caddyfile(r.Address))
	return err
}

func (c caddy) evict(r *Replica, pod netip.Addr, rate int) error {
	_, err := c.order(r, http.MethodPost, "/doors/evictions", "application/json", fmt.Sprintf(`{"pod": "%s", "rate": %d}`, pod, rate))
	return err
}

func (c caddy) undo(r *Replica, pod netip.Addr) (told int64, err error) {
	text, err := c.order(r, http.MethodDelete, "/doors/evictions?pod="+pod.String(), "", "")
	if err != nil {
		return 0, err
	}
	var undone struct {
		Evictions []struct {
			Told int64 `json:"told"`
		} `json:"evictions"`
	}
	if err := json.Unmarshal(text, &undone); err != nil {
		return 0, fmt.Errorf("Caddy said of what it undid: %w", err)
	}
	for _, one := range undone.Evictions {
		told += one.Told
	}
	return told, nil
}

// order sends an order to the admin API and returns its answer.
func (c caddy) order(r *Replica, method, path, contentType, body string) ([]byte, error) {
	request, err := http.NewRequest(method, fmt.Sprintf("http://%s%s", r.config.admin(r.Address), path), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	request.Header.Set("Cache-Control", "must-revalidate") // like `caddy reload --force`
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("Caddy refused %s %s: %s", method, path, text)
	}
	return text, err
}
