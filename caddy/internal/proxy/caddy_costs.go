// In: Caddy's handler, provisioned, and the goroutine of a request.
// Out: both so that what Caddy does for a request costs less.

package proxy

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

// room is about how much stack Caddy takes to proxy a request from here on.
const room = 8 << 10

// growStack makes the stack grow at once. HTTP/2 and HTTP/3 give each request a goroutine of its own, whose stack would grow
// in several steps while more and more calls lie on it, all of which have to be adjusted each time. All that counts is how
// large the frame of this function is; a negative index does nothing with it.
//
//go:noinline
func growStack(index int) byte {
	if index < 0 {
		return 0
	}
	var frame [room]byte
	frame[index] = 1
	return frame[room-1-index]
}
