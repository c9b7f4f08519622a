// This file lowers what Caddy itself spends on a request.

package proxy

import (
	"reflect"
	"unsafe"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// encodeLogsLazily makes the handler's logger encode fields only when it writes an entry. After
// each round trip Caddy adds the whole request to the logger, which would encode it at once for a
// debug message that is seldom enabled. That took a twentieth of the CPU time of a proxied request,
// more than a source adds. The logger is an unexported field; if it is not as expected, it is left
// alone.
func encodeLogsLazily(h *reverseproxy.Handler) {
	if logger := loggerOf(h); logger != nil && *logger != nil {
		*logger = (*logger).WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return lazyCore{core} }))
	}
}

// loggerOf returns a pointer to the handler's logger, or nil if there is no such field.
func loggerOf(h *reverseproxy.Handler) **zap.Logger {
	field := reflect.ValueOf(h).Elem().FieldByName("logger")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*zap.Logger]() {
		return nil
	}
	return (**zap.Logger)(unsafe.Pointer(field.UnsafeAddr()))
}

// lazyCore delays the encoding of added fields until an entry is written.
type lazyCore struct{ zapcore.Core }

// With adds fields.
func (c lazyCore) With(fields []zapcore.Field) zapcore.Core {
	return zapcore.NewLazyWith(c.Core, fields)
}

// stackRoom is roughly the stack that Caddy needs to proxy a request, in bytes.
const stackRoom = 8 << 10

// growStack grows the goroutine's stack in one step. Each HTTP/2 and HTTP/3 request has a new
// goroutine, whose stack would otherwise grow several times and be copied each time. Only the size
// of this function's frame matters; a negative index does nothing else.
//
//go:noinline
func growStack(index int) byte {
	if index < 0 {
		return 0
	}
	var frame [stackRoom]byte
	frame[index] = 1
	return frame[stackRoom-1-index]
}
