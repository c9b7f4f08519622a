package proxy

import (
	"io"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// encodings counts how often it is encoded.
type encodings int

func (e *encodings) MarshalLogObject(zapcore.ObjectEncoder) error {
	*e++
	return nil
}

// The fields of a round trip are encoded only if an entry is logged.
func TestEncodesLogsOfRoundTripsLazily(t *testing.T) {
	for level, want := range map[zapcore.Level]encodings{zap.DebugLevel: 1, zap.InfoLevel: 0} {
		handler := new(reverseproxy.Handler)
		logger := loggerOf(handler)
		if logger == nil {
			t.Fatal("Caddy's handler has no logger where it is expected")
		}
		encodeLogsLazily(handler) // has no logger yet
		*logger = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), level))
		encodeLogsLazily(handler)
		var encoded encodings
		with := (*logger).With(zap.Object("request", &encoded))
		if encoded != 0 {
			t.Error("encoded before anything is logged")
		}
		with.Debug("upstream roundtrip")
		if encoded != want {
			t.Errorf("at level %v: encoded %d times, want %d", level, encoded, want)
		}
	}
}
