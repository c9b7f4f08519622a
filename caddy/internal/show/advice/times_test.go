package advice

import (
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

func TestTimes(t *testing.T) {
	for _, test := range []struct {
		options          config.Options
		silence, session time.Duration
	}{
		{config.Options{}, 20 * time.Second, 40 * time.Minute},
		{config.Options{RollTime: caddy.Duration(time.Minute), SessionTime: caddy.Duration(2 * time.Hour)}, 80 * time.Second, 2 * time.Hour},
	} {
		if silence, session := Silence(&test.options), Session(&test.options); silence != test.silence || session != test.session {
			t.Errorf("%+v: %v and %v, want %v and %v", test.options, silence, session, test.silence, test.session)
		}
	}
}
