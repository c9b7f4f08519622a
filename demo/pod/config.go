package pod

import (
	"html/template"
	"net/http"
	"net/netip"
	"time"
)

// The default times of a Doors server.
const (
	DefaultRoll           = 15 * time.Second
	DefaultConnectTimeout = 30 * time.Second
	DefaultInstanceTTL    = 40 * time.Minute
	DefaultSessionTTL     = 40 * time.Minute
	DefaultReportTimeout  = 5 * time.Second
)

// MaxBody is the largest hook body and the largest single report, in bytes.
const MaxBody = 8 << 20

// MaxInstances is how many instances a session may have. Opening one more suspends the oldest.
const MaxInstances = 12

// Config describes a pod. Zero values mean the defaults of Doors.
type Config struct {
	Secret     string         // where to listen; the token has its IP address; port 0 chooses a free port
	Address    netip.AddrPort // where to listen; its IP is what the token says; port 0 picks a free one
	Name       string         // shown on the page and in events; default: the address
	Generation string         // the release of the pod, shown on the page; default "1"

	StickyCookie string // default "upstream"
	CookiePrefix string // prefix of the session cookie's name, before the token; default "d0"
	Secure       bool   // mark cookies Secure

	Roll           time.Duration // how often the client renews its stream
	ConnectTimeout time.Duration // lifetime of an instance whose page never opened a stream
	InstanceTTL    time.Duration // lifetime of an instance after its last /s/ request
	SessionTTL     time.Duration // lifetime of a session after its last renewal
	ReportTimeout  time.Duration // how long a report may take to arrive after its length
	Delay          time.Duration // time from the order to drain until links leave the pod, as doorscaddy.WithDelay; 0 for none
	Unmarked       bool          // serve without doorscaddy.Serve: a drain is not announced, and no page is refused

	// Page is executed with PageData. The default is a plain page. It must load the script as the
	// plain page does. The script calls the hook that an element names in data-hook: for an input
	// when its value changes, with the value, and for other elements when they are clicked.
	Page *template.Template

	// Hooks adds raw hooks by number. They are called after the instance was found and write the
	// whole answer. The page itself uses numbers 1 and 2.
	Hooks map[string]http.HandlerFunc

	// Observe, if not nil, is called for everything worth a log line. It is called from many
	// goroutines at once and must not block.
	Observe func(Event)
}

func (c *Config) fill() {
	if c.Name == "" {
		c.Name = c.Address.String()
	}
	if c.Generation == "" {
		c.Generation = "1"
	}
	if c.Page == nil {
		c.Page = plainPage
	}
	if c.StickyCookie == "" {
		c.StickyCookie = "upstream"
	}
	if c.CookiePrefix == "" {
		c.CookiePrefix = "d0"
	}
	for _, duration := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&c.Roll, DefaultRoll},
		{&c.ConnectTimeout, DefaultConnectTimeout},
		{&c.InstanceTTL, DefaultInstanceTTL},
		{&c.SessionTTL, DefaultSessionTTL},
		{&c.ReportTimeout, DefaultReportTimeout},
	} {
		if *duration.value <= 0 {
			*duration.value = duration.standard
		}
	}
}
