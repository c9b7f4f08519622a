// In: a change that an operator is to know of.
// Out: one line in the log.

package show

import (
	"net/netip"

	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
)

// LogHost writes one line for a change of what is known about a host.
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
	case change.Kind == doors.HostPartial:
		logger.Warn(message+": an address that one of them lacks stays fresh for up to 30 s", fields...)
	default:
		logger.Info(message, fields...)
	}
}

// Texts are addresses to be read.
func Texts(addresses []netip.Addr) []string {
	texts := make([]string, len(addresses))
	for i, address := range addresses {
		texts[i] = address.String()
	}
	return texts
}
