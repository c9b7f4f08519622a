package pod

import (
	"html/template"
	"net/http"
	"net/netip"
	"time"
)

// Times of a Doors server as it ships.
const (
	DefaultRoll           = 15 * time.Second
	DefaultConnectTimeout = 30 * time.Second
	DefaultInstanceTTL    = 40 * time.Minute
	DefaultSessionTTL     = 40 * time.Minute
	DefaultReportTimeout  = 5 * time.Second
)

// MaxBody is the largest hook body and the largest single report, in bytes.
const MaxBody = 8 << 20

// MaxInstances is how many instances one session may hold; opening one more
// suspends the oldest.
const MaxInstances = 12

// Config describes a pod. Zero values stand for the defaults of Doors.
type Config struct {
	Secret     string         // one to eight standard base64 AES keys, separated by white space
	Address    netip.AddrPort // where to listen; its IP is what the token says; port 0 picks a free one
	Name       string         // shown on the page and in events; default: the address
	Generation string         // the release this pod stands for, shown on the page; default "1"

	StickyCookie string // default "upstream"
	CookiePrefix string // session cookie name before the token; default "d0"
	Secure       bool   // mark cookies Secure

	Roll           time.Duration // how often the client renews its stream
	ConnectTimeout time.Duration // life of an instance whose page never opened a stream
	InstanceTTL    time.Duration // life of an instance after its last /s/ request
	SessionTTL     time.Duration // life of a session after its last renewal
	ReportTimeout  time.Duration // how long a report may take to arrive after its length
	Delay          time.Duration // from the order to drain until links know, as doorscaddy.WithDelay; 0 for none
	Unmarked       bool          // serve without doorscaddy.Serve: a drain is not announced, and no page refused

	// Page is executed with PageData; default: a plain page. It loads the script as the plain page does, which calls the hook
	// that an element names in data-hook: with the value of an input whenever that changes, for others when they are clicked.
	Page *template.Template

	// Hooks adds raw hooks by number, called after the instance was found; they
	// write the whole answer. The numbers 1 and 2 are the page's own.
	Hooks map[string]http.HandlerFunc

	// Observe is called for everything worth a log line, from many goroutines
	// at once, and must not block. It may be nil.
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
