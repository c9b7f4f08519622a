package show

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/advice"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
	"go.uber.org/zap"
)

// LogHost logs a change of a host.
func LogHost(logger *zap.Logger, change dns.Change) {
	fields := []zap.Field{
		zap.String("host", change.Host),
		zap.Strings("addresses", Texts(change.Addresses)),
	}
	if len(change.Added) > 0 || len(change.Removed) > 0 {
		fields = append(fields, zap.Strings("added", Texts(change.Added)), zap.Strings("removed", Texts(change.Removed)))
	}
	if change.Failure != nil {
		fields = append(fields, zap.Stringer("reason", change.Failure.Kind), zap.Error(change.Failure))
	}
	switch change.Kind {
	case routing.HostResolved:
		logger.Info("host resolved", fields...)
	case routing.HostChanged:
		logger.Info("host addresses changed", fields...)
	case routing.HostFailing:
		if len(change.Addresses) > 0 { // the known addresses stay in use
			logger.Warn("host lookup failed", fields...)
		} else {
			logger.Error("host lookup failed", fields...)
		}
	case routing.HostRecovered:
		logger.Info("host lookup recovered", fields...)
	case routing.HostDropped:
		logger.Info("host address dropped", fields...)
	case routing.HostPartial:
		logger.Warn("host answers are partial", fields...)
	case routing.HostWhole:
		logger.Info("host answers are complete", fields...)
	}
}

// LogReport logs the parts of a report that concern an operator. reason is that of the request's
// decision.
func LogReport(logger *zap.Logger, router *routing.Router, report *routing.Report, reason routing.Reason) {
	if pod := report.Changed.Pod; pod.IsValid() {
		host, _ := router.Upstream(report.Changed.Upstream)
		fields := []zap.Field{zap.Stringer("pod", pod), zap.String("host", host)}
		switch report.Verdict {
		case routing.VerdictGone:
			logger.Warn("pod is gone", fields...)
		case routing.VerdictUnreachable:
			logger.Warn("pod is unreachable", fields...)
		default:
			logger.Info("pod is reachable again", fields...)
		}
	}
	if pod := report.Marked.Pod; pod.IsValid() {
		host, _ := router.Upstream(report.Marked.Upstream)
		fields := []zap.Field{zap.Stringer("pod", pod), zap.String("host", host)}
		if report.Draining {
			logger.Info("pod signals that it is draining", fields...)
		} else {
			logger.Info("pod no longer signals that it is draining", fields...)
		}
	}
	if report.Outside.IsValid() {
		host, _ := router.Upstream(report.OutsideUpstream)
		logger.Warn("host resolves to an address outside the networks of its upstream",
			zap.String("field", "upstreams["+strconv.Itoa(report.OutsideUpstream)+"].host"), zap.String("host", host), zap.Stringer("address", report.Outside))
	}
	if report.RefusedToken { // never log the token
		logger.Warn("token rejected", zap.Stringer("reason", metrics.CauseOf(reason)), zap.Int("suppressed", report.Suppressed),
			zap.String("first_upstream", hostport(router.Upstream(0))))
	}
	if report.NothingOpens {
		logger.Error("no token could be opened since start; check that the apps have the same secret")
	}
}

// namedUpstreams is how many upstreams a summary names.
const namedUpstreams = 10

// LogSource logs a summary of a source.
func LogSource(logger *zap.Logger, loaded *config.Loaded) {
	router, options := loaded.Router, loaded.Flow()
	var upstreams, keys []string
	for i := range min(router.Upstreams(), namedUpstreams) {
		upstreams = append(upstreams, hostport(router.Upstream(i)))
	}
	for position, id := range router.KeyIDs() {
		keys = append(keys, strconv.Itoa(position)+":"+id)
	}
	logger.Info("routing Doors pages",
		zap.Int("upstreams_total", router.Upstreams()), zap.Strings("upstreams", upstreams),
		zap.Strings("keys", keys), zap.String("cookie_name", loaded.CookieName),
		zap.Duration("refresh", options.Refresh), zap.Duration("stale_max", options.StaleMax), zap.Duration("first_lookup", options.FirstLookup),
		zap.Duration("gone_after", options.GoneAfter), zap.Uint32("gone_rate", options.GoneRate), zap.Duration("drain_max", options.DrainMax),
		zap.Duration("page_wait", options.PageWait), zap.Uint32("max_pods", loaded.PodsKept()),
		zap.Duration("longest_silence", advice.Silence(&loaded.Options)), zap.Duration("session_time", advice.Session(&loaded.Options)),
		zap.String("decision_header", loaded.DecisionHeader))
}

// hostport returns the host of an upstream with its port.
func hostport(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// Texts returns addresses as strings.
func Texts(addresses []netip.Addr) []string {
	texts := make([]string, len(addresses))
	for i, address := range addresses {
		texts[i] = address.String()
	}
	return texts
}
