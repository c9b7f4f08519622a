package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Hosts are host names for one Caddy process, in place of /etc/hosts: the process runs in its own
// mount namespace, where that file is ours. Set changes them while Caddy runs, as a rollout does.
// Go's resolver may take up to 5 s to notice.
type Hosts struct {
	// Resolv replaces /etc/resolv.conf too, unless it is empty.
	Resolv string

	names map[string][]string
	path  string
}

// NewHosts returns a table of addresses by name.
func NewHosts(names map[string][]string) *Hosts { return &Hosts{names: names} }

// Set replaces the addresses of a name.
func (h *Hosts) Set(t testing.TB, name string, addresses ...string) {
	t.Helper()
	h.names[name] = addresses
	// In place: a new file would not be the mounted one.
	check(t, os.WriteFile(h.path, []byte(h.text()), 0o644))
}

func (h *Hosts) text() string {
	var text strings.Builder
	text.WriteString("127.0.0.1 localhost\n")
	for name, addresses := range h.names {
		for _, address := range addresses {
			fmt.Fprintf(&text, "%s %s\n", address, name)
		}
	}
	return text.String()
}

// Wrap returns a command line that runs a command with the table. It needs the right to make a
// mount namespace: root, or a user namespace.
func (h *Hosts) Wrap(t testing.TB, folder string, arguments []string) []string {
	t.Helper()
	if h == nil {
		return arguments
	}
	h.path = filepath.Join(folder, "hosts")
	check(t, os.WriteFile(h.path, []byte(h.text()), 0o644))
	unshare := []string{"unshare", "--mount"}
	if os.Geteuid() != 0 {
		unshare = append(unshare, "--map-root-user")
	}
	script := `mount --bind "$0" /etc/hosts && exec "$@"`
	if h.Resolv != "" {
		check(t, os.WriteFile(h.path+".resolv", []byte(h.Resolv), 0o644))
		script = `mount --bind "$0.resolv" /etc/resolv.conf && ` + script
	}
	return append(append(unshare, "sh", "-c", script, h.path), arguments...)
}
