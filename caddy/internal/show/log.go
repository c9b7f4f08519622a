// In: a change that an operator is to know of.
// Out: one line in the log.

package show

import (
	"net/netip"

	"github.com/doors-dev/doors-caddy/caddy/internal/hosts"
	"go.uber.org/zap"
)

// LogHost writes one line for each change of what is known about a host.
func LogHost(logger *zap.Logger, event hosts.Event) {
	fields := []zap.Field{
		zap.String("host", event.Host),
		zap.Strings("addresses", Texts(event.Addresses)),
	}
	if len(event.Added) > 0 || len(event.Removed) > 0 {
		fields = append(fields, zap.Strings("added", Texts(event.Added)), zap.Strings("removed", Texts(event.Removed)))
	}
	message := "host " + event.Kind.String()
	if event.Error != nil {
		logger.Error(message, append(fields, zap.Error(event.Error))...)
		return
	}
	if event.Kind == hosts.Partial {
		logger.Warn(message+": an address that one of them lacks stays fresh for up to 30 s", fields...)
		return
	}
	logger.Info(message, fields...)
}

// Texts are addresses to be read.
func Texts(addresses []netip.Addr) []string {
	texts := make([]string, len(addresses))
	for i, address := range addresses {
		texts[i] = address.String()
	}
	return texts
}
