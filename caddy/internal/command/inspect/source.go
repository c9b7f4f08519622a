// In: the text of a configuration.
// Out: its doors_upstream sources, as the Caddy module sees them.

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

// Module is what the commands need of the Caddy module. Both functions take a configuration in JSON and return its
// doors_upstream sources in the order in which they stand there, with the names of objects in alphabetical order.
type Module struct {
	// Sources reads the sources and nothing else.
	Sources func(config []byte) ([]Source, error)
	// Load provisions the whole configuration, as `caddy validate` does, and never lets go of it.
	Load func(config []byte) ([]Loaded, error)
}

// Source is one doors_upstream source of a configuration.
type Source struct {
	// Place is where in the JSON it stands, such as apps.http.servers.srv0.routes[0].handle[0].
	Place string
	// Router decides about requests.
	Router *routing.Router
	// CookieName is the name of the cookie with the token, "" if there is none.
	CookieName string
	// Upstreams are the upstreams in the order of the configuration.
	Upstreams []Upstream
}

// Upstream is one upstream of a source.
type Upstream struct {
	CIDRs []string
	Hosts []string // at least one
	Port  uint16
}

// hostport is where the upstream is, for people.
func (s Upstream) hostport() string {
	var all []string
	for _, host := range s.Hosts {
		all = append(all, net.JoinHostPort(host, strconv.Itoa(int(s.Port))))
	}
	return strings.Join(all, " and ")
}

// Loaded is a source that has been provisioned.
type Loaded struct {
	Source
	// Warnings is what the module logs about it when it is loaded, a line each; Notices the same for what is no fault.
	Warnings, Notices []string
	// DialTimeout limits a connection to a pod.
	DialTimeout time.Duration
	// Resolve looks up a host. The error is an [*dns.Failure].
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Page fetches / from one pod of an upstream, over the transport of the handler: header and the beginning of the body.
	Page func(ctx context.Context, upstream int, pod netip.Addr) (status int, header http.Header, body []byte, err error)
}

// takesConfig gives a command the flags that name a configuration.
func takesConfig(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringP("config", "c", "", "Configuration file, - for standard input (default: Caddyfile in the current folder)")
	cmd.Flags().StringP("adapter", "a", "", "Name of config adapter to apply")
	return cmd
}

// readConfig returns the command's configuration in JSON, and its name.
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
