// In: the JSON of a doors_upstream source, with placeholders.
// Out: the router that decides about requests and the hosts that its servers resolve to.

package caddydoors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// Source is the upstream source of Doors apps. Requests that carry the token of a page go to the pod that owns the page;
// all others go to the pods that a server's host resolves to now.
//
// All strings take global placeholders such as {env.DOORS_SECRET} and {file./run/secrets/doors}. They are resolved when the
// configuration is loaded, into memory that no API shows: a key that comes from a placeholder is never part of
// the configuration.
type Source struct {
	// The AES keys of the tokens: one to eight, separated by white space, each in standard base64 of 16, 24 or 32 bytes
	// (`openssl rand -base64 32`). All of them open tokens. Required.
	Secret string `json:"secret,omitempty"`

	// The name of the cookie in which the app keeps the token of the pod that a browser last got a page from.
	// Required with more than one upstream.
	CookieName string `json:"cookie_name,omitempty"`

	// The servers: each a set of pods that can stand in for each other. Required.
	Upstreams []Upstream `json:"upstreams,omitempty"`

	Options

	// config is the source's JSON as it was loaded. The library reads it, so that one parser reports all mistakes.
	config json.RawMessage

	router  *doors.Router
	servers []*server
	keys    metrics.Keys
	shared  *shared

	// identity is what is shown of the configuration, which is shared with other sources.
	identity      identity
	configuration *configuration

	group  doors.Group // of requests that belong to no server
	logger *zap.Logger

	// seeking is what is dialled in the background, and connected tells those who wait for a pod that one was reached.
	seeking   seeking
	connected hosts.News

	// retired is when another configuration has taken over, 0 while this one is in force. Requests still come over
	// connections that were open then.
	retired atomic.Int64

	// notice is what is to be said about the configuration that is no fault, "" if nothing is.
	notice string

	// underStockHandler is set when this Caddy's tables could not be taken over.
	underStockHandler bool

	// choosesItself is set when the user left the choice of a pod to us.
	choosesItself bool

	// turns is nil with one server.
	turns *turns

	// triesAgain is set when the user said how to retry: then a request that has failed everywhere starts over.
	triesAgain bool
}

// Upstream is one server of a Source: where its pods live and how new pages reach it.
type Upstream struct {
	// The range of the pods' addresses, such as 10.0.0.0/24 or fd00:1::/64. Either this or `cidrs` is required.
	CIDR string `json:"cidr,omitempty"`

	// The ranges of the pods' addresses, where there is more than one.
	CIDRs []string `json:"cidrs,omitempty"`

	// The DNS name (best of a headless service) or IP address at which the server's fresh pods are found. Required.
	Host string `json:"host,omitempty"`

	// The TCP port of the pods, 1 to 65535, or a placeholder for it. Required.
	Port caddyhttp.WeakString `json:"port,omitempty"`
}

// CaddyModule returns the module's registration.
func (*Source) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.upstreams." + sourceName,
		New: func() caddy.Module { return new(Source) },
	}
}

// UnmarshalJSON keeps the JSON for Provision. It is decoded only there, by the library: it knows where in the document
// a mistake is, and which values must not be repeated in an error.
func (s *Source) UnmarshalJSON(config []byte) error {
	s.config = bytes.Clone(config)
	return nil
}

// Provision builds the router and starts to use the hosts.
func (s *Source) Provision(ctx caddy.Context) error {
	s.logger = ctx.Logger()
	if err := s.checkParent(ctx); err != nil {
		return err
	}
	config := s.config
	if config == nil { // made by Go code and not decoded
		var err error
		if config, err = json.Marshal(s); err != nil {
			return err
		}
	}
	if provisioned == nil { // else the command line compares it
		s.config = nil // not kept: it may be large and holds the secret
	}
	if holdsSecret(config) {
		s.notice = literalSecret
	}
	document, err := resolvePlaceholders(config)
	if err != nil {
		return err
	}
	if s.Options, err = takeOptions(document); err != nil {
		return err
	}
	resolution, err := s.resolution()
	if err != nil {
		return err
	}
	if s.router, err = newRouter(document); err != nil {
		return err
	}
	for _, warning := range s.router.Warnings() {
		s.logger.Warn(warning)
	}
	if s.shared, err = acquireShared(); err != nil {
		return err
	}
	secret, _ := document["secret"].(string)
	s.group = s.Options.group(s.shared.number(withUpstreams(secret, s.router)))
	s.servers = newServers(s.router, s.shared, resolution, s.group, s.maxPods(), s.logger)
	if len(s.servers) > 1 {
		s.turns = newTurns(len(s.servers))
	}
	s.keys = metrics.KeysOf(s.router.KeyIDs())
	s.identity = identityOf(document)
	s.logSummary(s.identity.cookieName)
	if err := metrics.Register(ctx.GetMetricsRegistry(), s.shared.metricsState()); err != nil {
		return err
	}
	s.configuration = s.shared.sources.add(s, httpApp(ctx.Modules()))
	if s.notice != "" && s.configuration.once(s.notice) {
		s.logger.Info(s.notice)
	}
	s.limitPods()
	return nil
}

// withUpstreams is a text that stands for a secret and the set of upstreams: what is known of one set says nothing about pages of another.
func withUpstreams(secret string, router *doors.Router) string {
	upstreams := make([]string, router.Upstreams())
	for i := range upstreams {
		name, port := router.Upstream(i)
		upstreams[i] = net.JoinHostPort(name, strconv.Itoa(int(port)))
	}
	slices.Sort(upstreams)
	return secret + "\n" + strings.Join(slices.Compact(upstreams), "\n")
}

// limitPods bounds how many pods the process remembers.
func (s *Source) limitPods() {
	if err := s.shared.pods.Limit(s.shared.sources.maxPods()); err != nil {
		s.logFault(err)
	}
}

// newRouter hands the library its part of the configuration.
func newRouter(document map[string]any) (*doors.Router, error) {
	config, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	return doors.NewRouter(config)
}

// checkParent makes sure that the source serves a handler that obeys it: under any other, tokens would be ignored.
func (s *Source) checkParent(ctx caddy.Context) error {
	lineage := ctx.Modules()
	if len(lineage) < 2 {
		return fmt.Errorf("%s works inside reverse_proxy only", sourceName)
	}
	switch parent := lineage[len(lineage)-2].(type) {
	case *Handler:
		return checkNoStaticUpstreams(&parent.Handler)
	case *reverseproxy.Handler: // met only where takeOver failed
		if err := checkNoStaticUpstreams(parent); err != nil {
			return err
		}
		return s.adoptStockHandler(ctx, parent)
	case *reverseproxy.MultiUpstreams:
		return fmt.Errorf("%s cannot be one of several sources in `multi`: it must see every request alone", sourceName)
	default:
		return fmt.Errorf("%s works inside reverse_proxy only, not inside %s", sourceName, caddy.GetModuleID(parent))
	}
}

func checkNoStaticUpstreams(h *reverseproxy.Handler) error {
	if len(h.Upstreams) > 0 {
		return fmt.Errorf("static upstreams beside %s: it names every upstream itself", sourceName)
	}
	return nil
}

// Cleanup lets go of the hosts. The router is freed when the last request that uses it has ended.
func (s *Source) Cleanup() error {
	for _, server := range s.servers {
		server.host.Release()
	}
	if s.shared == nil { // provisioning failed before
		return nil
	}
	s.shared.sources.remove(s)
	s.limitPods()
	s.retired.Store(int64(s.shared.now()))
	return releaseShared()
}

// Interface guards
var (
	_ caddy.Module                       = (*Source)(nil)
	_ caddy.Provisioner                  = (*Source)(nil)
	_ caddy.CleanerUpper                 = (*Source)(nil)
	_ json.Unmarshaler                   = (*Source)(nil)
	_ reverseproxy.CachingUpstreamSource = (*Source)(nil)
)
