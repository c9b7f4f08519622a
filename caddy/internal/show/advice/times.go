package advice

import (
	"cmp"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

const (
	defaultRollTime    = caddy.Duration(15 * time.Second)
	defaultSessionTime = caddy.Duration(40 * time.Minute)
)

// Silence returns how long a working stream of a page may be silent.
func Silence(o *config.Options) time.Duration {
	roll := time.Duration(cmp.Or(o.RollTime, defaultRollTime))
	return (roll + roll/3).Round(time.Millisecond)
}

// Session returns how long a page may be silent.
func Session(o *config.Options) time.Duration {
	return time.Duration(cmp.Or(o.SessionTime, defaultSessionTime))
}
