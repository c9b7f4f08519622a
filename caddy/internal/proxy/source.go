// In: a doors_upstream source of a configuration.
// Out: the same, in use: its router, and the hosts that its upstreams resolve to.

package proxy

import (
	"fmt"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
	"go.uber.org/zap"
)

// Source is the upstream source of Doors apps. Requests that carry the token of a page go to the pod that owns the page;
// all others go to the pods that an upstream's host resolves to now.
//
// All strings take global placeholders such as {env.DOORS_SECRET} and {file./run/secrets/doors}. They are resolved when the
// configuration is loaded, into memory that no API shows: a key that comes from a placeholder is never part of
// the configuration.
type Source struct {
	config.Source

	loaded    *config.Loaded
	core      *routing.Source
	upstreams []*show.Upstream
	keys      metrics.Keys
	process   *Process
	around    *config.Around

	logger *zap.Logger

	// dial is the transport's own dialer, viaProxy tells whether pods cannot be dialled directly, and closeIdle closes connections that are not in use.
	dial      dialFunc
	viaProxy  func() bool
	closeIdle func()

	// retired is when another configuration has taken over, 0 while this one is in force. Requests still come over
	// connections that were open then.
	retired atomic.Int64

	// underStockHandler is set when this Caddy's tables could not be taken over.
	underStockHandler bool

	// userChooses is set when the user has a policy by which pods are chosen, and userRetries when the user said how to retry.
	userChooses, userRetries bool
}

// CaddyModule returns the module's registration.
func (*Source) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.upstreams." + config.SourceName,
		New: func() caddy.Module { return new(Source) },
	}
}

// Inspected is told of each handler with a source when it has been provisioned, with what is to be said about its options. It is nil but while the
// command line loads a configuration, which only happens in a process that does nothing else.
var Inspected func(h *Handler, warnings []config.Warning)

// Provision makes the router and begins to use the hosts.
func (s *Source) Provision(ctx caddy.Context) error {
	s.logger = ctx.Logger()
	if err := s.checkParent(ctx); err != nil {
		return err
	}
	text := s.Text()
	if Inspected == nil { // else the command line compares it
		s.Forget()
	}
	var err error
	if s.process, err = Acquire(); err != nil {
		return err
	}
	if s.loaded, err = config.Load(text, s.route); err != nil {
		return err
	}
	s.Options = s.loaded.Options
	s.process.dns.Due()
	for _, warning := range s.loaded.Router.Warnings() {
		s.logger.Warn(warning)
	}
	s.upstreams = show.Upstreams(s.process, s.core, func(report *routing.Report, err error) { s.learn(nil, report, err) })
	s.keys = metrics.KeysOf(s.loaded.Router.KeyIDs())
	show.LogSource(s.logger, s.loaded)
	if err := metrics.Register(ctx.GetMetricsRegistry(), s.process.Metrics()); err != nil {
		return err
	}
	app, _ := ctx.Modules()[0].(*caddyhttp.App) // nil for another app with routes
	s.process.sources.add(s, app)
	if s.loaded.Notice != "" && s.around.Once(s.loaded.Notice) {
		s.logger.Info(s.loaded.Notice)
	}
	s.limitPods()
	return nil
}

// route begins to use a configuration.
func (s *Source) route(text []byte, loaded *config.Loaded) (*routing.Router, error) {
	options := loaded.Flow()
	options.Resolver = s.process.dns.Way(loaded.Lookups)
	options.UserChooses, options.UserRetries = s.userChooses, s.userRetries
	var err error
	if s.core, err = routing.NewSource(s.process.state, text, options); err != nil {
		return nil, err
	}
	return s.core.Router(), nil
}

// limitPods bounds how many pods the process remembers.
func (s *Source) limitPods() {
	s.isWrong(s.process.state.Limit(s.process.sources.maxPods()))
}

// Loaded is what the configuration of the source means.
func (s *Source) Loaded() *config.Loaded { return s.loaded }

// Upstream is what is shown of the upstream with this index.
func (s *Source) Upstream(index int) *show.Upstream { return s.upstreams[index] }

// checkParent makes sure that the source serves a handler that obeys it: under any other, tokens would be ignored.
func (s *Source) checkParent(ctx caddy.Context) error {
	lineage := ctx.Modules()
	if len(lineage) < 2 {
		return fmt.Errorf("%s works inside reverse_proxy only", config.SourceName)
	}
	var handler *reverseproxy.Handler
	switch parent := lineage[len(lineage)-2].(type) {
	case interface{ ReverseProxy() *reverseproxy.Handler }: // ours
		handler = parent.ReverseProxy()
	case *reverseproxy.Handler: // met only where Caddy's tables could not be taken over
		handler, s.underStockHandler = parent, true
	case *reverseproxy.MultiUpstreams:
		return fmt.Errorf("%s cannot be one of several sources in `multi`: it must see every request alone", config.SourceName)
	default:
		return fmt.Errorf("%s works inside reverse_proxy only, not inside %s", config.SourceName, caddy.GetModuleID(parent))
	}
	if len(handler.Upstreams) > 0 {
		return fmt.Errorf("static upstreams beside %s: it names every upstream itself", config.SourceName)
	}
	s.userChooses, s.userRetries = !leavesChoice(handler), saysHowToRetry(handler.LoadBalancing)
	if s.underStockHandler {
		return s.adoptStockHandler(ctx, handler)
	}
	return nil
}

// Cleanup lets go of the hosts. The router is freed when the last request that uses it has ended.
func (s *Source) Cleanup() error {
	if s.process == nil { // provisioning failed before
		return nil
	}
	s.process.sources.remove(s)
	s.limitPods()
	s.retired.Store(int64(s.process.Now()))
	return s.process.Release()
}

// Interface guards
var (
	_ caddy.Provisioner  = (*Source)(nil)
	_ caddy.CleanerUpper = (*Source)(nil)
)
