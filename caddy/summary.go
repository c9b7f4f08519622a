// In: a provisioned source.
// Out: one line in the log that says what it will do.

package caddydoors

import (
	"cmp"
	"strconv"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"go.uber.org/zap"
)

// namedServers is how many servers the line names.
const namedServers = 10

// logSummary writes the line.
func (s *Source) logSummary(cookieName string) {
	var named []string
	for _, server := range s.servers[:min(len(s.servers), namedServers)] {
		named = append(named, server.hostport)
	}
	var keys []string
	for position, id := range s.router.KeyIDs() {
		keys = append(keys, strconv.Itoa(position)+":"+id)
	}
	s.logger.Info("routing Doors pages",
		zap.Int("servers", len(s.servers)), zap.Strings("upstreams", named),
		zap.Strings("keys", keys), zap.String("cookie_name", cookieName),
		zap.Duration("refresh", cmp.Or(time.Duration(s.Refresh), hosts.DefaultRefresh)),
		zap.Duration("stale_max", cmp.Or(time.Duration(s.StaleMax), hosts.DefaultStaleMax)),
		zap.Duration("first_lookup", s.firstLookup()),
		zap.Duration("gone_after", s.group.GoneAfter), zap.Uint32("gone_rate", s.group.GoneRate),
		zap.Duration("page_wait", s.group.PageWait), zap.Int("max_pods", s.maxPods()),
		zap.String("decision_header", s.DecisionHeader))
}
