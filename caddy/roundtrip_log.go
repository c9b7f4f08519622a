// In: Caddy's handler, provisioned.
// Out: the same handler, which encodes what it would log about a round trip only if it logs it.

package caddydoors

import (
	"reflect"
	"unsafe"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// encodeLogsLazily makes up for the decision and the watching of pods. After each round trip the handler adds the whole request to its
// logger, which encodes it at once, for a debug message that is seldom wanted: a twentieth of the CPU time of a proxied
// request, more than all that a source adds. The logger is in an unexported field; where that is not as expected, it stays as it is.
func encodeLogsLazily(h *reverseproxy.Handler) {
	if logger := loggerOf(h); logger != nil && *logger != nil {
		*logger = (*logger).WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return lazyCore{core} }))
	}
}

// loggerOf returns the field with the handler's logger, nil if it has none.
func loggerOf(h *reverseproxy.Handler) **zap.Logger {
	field := reflect.ValueOf(h).Elem().FieldByName("logger")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*zap.Logger]() {
		return nil
	}
	return (**zap.Logger)(unsafe.Pointer(field.UnsafeAddr()))
}

// lazyCore encodes fields that are added to it when an entry is written.
type lazyCore struct{ zapcore.Core }

// With adds fields.
func (c lazyCore) With(fields []zapcore.Field) zapcore.Core {
	return zapcore.NewLazyWith(c.Core, fields)
}

// Interface guard
var _ zapcore.Core = lazyCore{}
