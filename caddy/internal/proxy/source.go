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

// Source routes the requests of Doors apps. A request with the token of a page goes to the pod that
// owns the page. All other requests go to the pods that an upstream's hosts currently resolve to.
//
// All strings accept global placeholders such as {env.DOORS_SECRET} and {file./run/secrets/doors}.
// They are resolved when the configuration is loaded and never written back to it, so no API shows
// a key that comes from a placeholder.
//
// Whatever runs after the decision, such as header_down, handle_response and log_append, can use
// these placeholders:
//
// Placeholder | Description
// ------------|------------
// `{http.doors.decision}` | Where the request goes: `pod`, `gone`, `upstream` or `any`
// `{http.doors.reason}` | Why, such as `cookie`, `no_cookie`, `token_refused` or `pod_gone`
// `{http.doors.pod}` | The pod, such as `10.0.0.7:8080`
// `{http.doors.upstream}` | The upstream, as host and port
//
// Caddy's metrics have these series; docs/metrics.md explains them and their labels:
//
// Metric | Description
// -------|------------
// `caddy_doors_decisions_total` | Requests by routing decision
// `caddy_doors_gone_total` | Requests answered with 410
// `caddy_doors_unavailable_total` | Requests answered with 503
// `caddy_doors_tokens_opened_total` | Tokens opened, by key
// `caddy_doors_dial_failures_total` | Failed connections to pods
// `caddy_doors_failovers_total` | Requests retried on another pod
// `caddy_doors_dns_lookups_total` | DNS lookups
// `caddy_doors_dns_answer_timestamp_seconds` | Unix time of the last DNS answer with addresses
// `caddy_doors_pods` | Pods by state
// `caddy_doors_streams` | Open streams of pages by state of the pod
// `caddy_doors_requests_in_flight` | Requests in flight to pods
// `caddy_doors_evicted_pods` | Evicted pods
// `caddy_doors_evictions` | Evictions in force
// `caddy_doors_routers` | Routing configurations in memory
type Source struct {
	config.Source

	loaded    *config.Loaded
	core      *routing.Source
	upstreams []*show.Upstream
	keys      metrics.Keys
	process   *Process
	shared    *config.Shared

	logger *zap.Logger

	// dial is the transport's own dialer. viaProxy reports whether pods are behind a forward proxy
	// and cannot be dialled directly. closeIdle closes idle connections.
	dial      dialFunc
	viaProxy  func() bool
	closeIdle func()

	// retired is when another configuration took over, or 0 while this one is in force. Requests
	// still arrive on connections that were open then.
	retired atomic.Int64

	// underStockHandler is set if Caddy's own handler could not be replaced.
	underStockHandler bool

	// userChooses is set if the user has configured a selection policy, and userRetries if the user
	// has configured retries.
	userChooses, userRetries bool
}

// CaddyModule returns the Caddy module information.
func (*Source) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.upstreams." + config.SourceName,
		New: func() caddy.Module { return new(Source) },
	}
}

// Inspected, if set, is called with each handler that has a source when it has been provisioned,
// and with the warnings about its options. Only the command line sets it, in a process that loads
// configurations and serves nothing.
var Inspected func(h *Handler, warnings []config.Warning)

// Provision makes the router and begins to use the hosts.
func (s *Source) Provision(ctx caddy.Context) error {
	s.logger = ctx.Logger()
	if err := s.checkParent(ctx); err != nil {
		return err
	}
	text := s.Text()
	if Inspected == nil { // the command line compares it instead
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
		s.logger.Warn("pod network is probably a mistake", zap.String("reason", warning))
	}
	s.upstreams = show.Upstreams(s.process, s.core, func(report *routing.Report, err error) { s.learn(nil, report, err) })
	s.keys = metrics.KeysOf(s.loaded.Router.KeyIDs())
	show.LogSource(s.logger, s.loaded)
	if err := metrics.Register(ctx.GetMetricsRegistry(), s.process.Metrics()); err != nil {
		return err
	}
	app, _ := ctx.Modules()[0].(*caddyhttp.App) // nil for another app with routes
	s.process.sources.add(s, app)
	if s.loaded.Notice != "" && s.shared.FirstTime(s.loaded.Notice) {
		s.logger.Info("secret is in plain text", zap.String("reason", s.loaded.Notice))
	}
	s.limitPods()
	return nil
}

// route makes the router of a configuration, bound to the state of the process.
func (s *Source) route(text []byte, loaded *config.Loaded) (*routing.Router, error) {
	options := loaded.Flow()
	options.Resolver = s.process.dns.ResolverNumber(loaded.Lookups)
	options.UserChooses, options.UserRetries = s.userChooses, s.userRetries
	var err error
	if s.core, err = routing.NewSource(s.process.state, text, options); err != nil {
		return nil, err
	}
	return s.core.Router(), nil
}

// limitPods sets how many pods the process remembers.
func (s *Source) limitPods() {
	s.logRejected(s.process.state.Limit(s.process.sources.maxPods()))
}

// Loaded returns the parsed configuration.
func (s *Source) Loaded() *config.Loaded { return s.loaded }

// Upstream returns what is shown of the upstream with this index.
func (s *Source) Upstream(index int) *show.Upstream { return s.upstreams[index] }

// checkParent makes sure that the source belongs to a handler that uses it. Any other handler would
// ignore tokens.
func (s *Source) checkParent(ctx caddy.Context) error {
	lineage := ctx.Modules()
	if len(lineage) < 2 {
		return fmt.Errorf("%s works only inside reverse_proxy", config.SourceName)
	}
	var handler *reverseproxy.Handler
	switch parent := lineage[len(lineage)-2].(type) {
	case interface{ ReverseProxy() *reverseproxy.Handler }: // ours
		handler = parent.ReverseProxy()
	case *reverseproxy.Handler: // only if Caddy's handler could not be replaced
		handler, s.underStockHandler = parent, true
	case *reverseproxy.MultiUpstreams:
		return fmt.Errorf("%s cannot be used inside `multi`: it must be the only source of upstreams", config.SourceName)
	default:
		return fmt.Errorf("%s works only inside reverse_proxy, not inside %s", config.SourceName, caddy.GetModuleID(parent))
	}
	if len(handler.Upstreams) > 0 {
		return fmt.Errorf("static upstreams cannot be combined with %s, which lists all upstreams; remove them", config.SourceName)
	}
	s.userChooses, s.userRetries = !libraryChooses(handler), hasRetryOptions(handler.LoadBalancing)
	if s.underStockHandler {
		return s.adoptStockHandler(ctx, handler)
	}
	return nil
}

// Cleanup ends the use of the hosts. The router is freed when its last request has ended.
func (s *Source) Cleanup() error {
	if s.process == nil { // provisioning failed early
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
