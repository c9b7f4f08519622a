package inspect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/routing"
	"github.com/spf13/cobra"
)

// Module is what the commands need from the Caddy module. Both functions take a configuration as
// JSON. They return its doors_upstream sources in the order of the document, with object members in
// alphabetical order.
type Module struct {
	// Sources only parses the sources.
	Sources func(config []byte) ([]Source, error)
	// Load provisions the whole configuration, as `caddy validate` does, and never cleans it up.
	Load func(config []byte) ([]Loaded, error)
}

// Source is a doors_upstream source of a configuration.
type Source struct {
	// Place is the path of its handler in the JSON, such as
	// apps.http.servers.srv0.routes[0].handle[0].
	Place string
	// Router decides about requests.
	Router *routing.Router
	// CookieName is the name of the cookie with the token, or "".
	CookieName string
	// Upstreams are in the order of the configuration.
	Upstreams []Upstream
}

// Upstream is one upstream of a source.
type Upstream struct {
	CIDRs []string
	Hosts []string // at least one
	Port  uint16
}

// hostport returns the hosts and the port, for output.
func (s Upstream) hostport() string {
	var all []string
	for _, host := range s.Hosts {
		all = append(all, net.JoinHostPort(host, strconv.Itoa(int(s.Port))))
	}
	return strings.Join(all, " and ")
}

// Loaded is a provisioned source.
type Loaded struct {
	Source
	// Warnings are the warnings that the module logs when it is loaded, one line each. Notices are
	// remarks that are not about faults.
	Warnings, Notices []string
	// DialTimeout limits a connection to a pod.
	DialTimeout time.Duration
	// Resolve looks up a host. The error is an [*dns.Failure].
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Page fetches / from one pod of an upstream over the handler's transport. It returns only the
	// beginning of the body.
	Page func(ctx context.Context, upstream int, pod netip.Addr) (status int, header http.Header, body []byte, err error)
}

// takesConfig adds the flags that name a configuration to a command.
func takesConfig(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringP("config", "c", "", "Configuration file, - for standard input (default: Caddyfile in the current folder)")
	cmd.Flags().StringP("adapter", "a", "", "Name of config adapter to apply")
	return cmd
}

// readConfig returns the command's configuration as JSON, and its name.
func readConfig(cmd *cobra.Command) (config []byte, name string, err error) {
	flags := caddycmd.Flags{FlagSet: cmd.Flags()}
	config, name, _, err = caddycmd.LoadConfig(flags.String("config"), flags.String("adapter"))
	if err != nil {
		return nil, "", err
	}
	if name == "" {
		return nil, "", errors.New("no configuration: there is no Caddyfile in the current folder; name a file with --config")
	}
	return config, name, nil
}

var errNoSource = fmt.Errorf("the configuration has no reverse_proxy with a doors_upstream source")
