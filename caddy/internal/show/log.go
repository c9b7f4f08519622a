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
	message := "host " + change.Kind.String()
	switch {
	case change.Failure != nil:
		logger.Error(message, append(fields, zap.Error(change.Failure))...)
	case change.Kind == routing.HostPartial:
		logger.Warn(message+": an address that one of them lacks stays fresh for up to 30 s", fields...)
	default:
		logger.Info(message, fields...)
	}
}

// LogReport logs the parts of a report that concern an operator. reason is that of the request's
// decision.
func LogReport(logger *zap.Logger, router *routing.Router, report *routing.Report, reason routing.Reason) {
	if pod := report.Changed.Pod; pod.IsValid() {
		log := logger.Warn
		if report.Verdict == routing.VerdictNone {
			log = logger.Info
		}
		host, _ := router.Upstream(report.Changed.Upstream)
		log("pod changed", zap.Stringer("pod", pod), zap.String("host", host), zap.Stringer("held_against_it", report.Verdict))
	}
	if pod := report.Marked.Pod; pod.IsValid() {
		host, _ := router.Upstream(report.Marked.Upstream)
		message := "pod says that it drains: it gets new pages only where there is no other"
		if !report.Draining {
			message = "pod no longer says that it drains"
		}
		logger.Info(message, zap.Stringer("pod", pod), zap.String("host", host))
	}
	if report.Outside.IsValid() {
		host, _ := router.Upstream(report.OutsideUpstream)
		logger.Warn("host resolves to an address outside its own networks: the tokens of its pages are refused or lead elsewhere, so that it gets new pages only while no other pod is known",
			zap.String("field", "upstreams["+strconv.Itoa(report.OutsideUpstream)+"].host"), zap.String("host", host), zap.Stringer("address", report.Outside))
	}
	if report.RefusedToken { // never log the token
		logger.Warn("token leads nowhere", zap.Stringer("reason", metrics.CauseOf(reason)), zap.Int("suppressed", report.Suppressed),
			zap.String("first_upstream", hostport(router.Upstream(0))))
	}
	if report.NothingOpens {
		logger.Error("no token has opened since start: do the apps have the same secret?")
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
