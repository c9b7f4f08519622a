package main

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

// screen writes whole lines, from any goroutine.
type screen struct {
	mu      sync.Mutex
	out     io.Writer
	colours bool
	pods    map[string]netip.Addr // by token
}

func newScreen(out io.Writer, colours bool) *screen {
	return &screen{out: out, colours: colours}
}

// terminal tells whether colours make sense.
func terminal(file *os.File) bool {
	information, err := file.Stat()
	return err == nil && information.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// introduce says what runs and what to try. Tokens are printed here and
// nowhere else: the commands need them.
func (s *screen) introduce(chosen options, running *pods) {
	base := "http://" + chosen.listen.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods = map[string]netip.Addr{}
	for _, one := range running.all() {
		s.pods[one.Token()] = one.Address().Addr()
	}
	fmt.Fprintf(s.out, `
Caddy on %[1]s, in front of three stand-in Doors pods:
  127.0.1.1  first upstream, generation 2: where its host leads now
  127.0.1.2  first upstream, generation 1: new pages no longer go there, its old ones still do
  127.0.2.1  second upstream

Open %[1]s/ in a browser: click, and see below where each request goes.
Open http://%[4]s/ beside it: which pods have how many pages. Metrics are at /metrics there.
Or try:
  a new page, of either upstream:
    curl -i %[1]s/
  a returning browser: its own upstream again
    curl -i -b upstream=%[2]s %[1]s/
  a request of a page that lives on the old pod
    curl -i %[1]s%[3]s
  a token that nobody made: 410, the page reloads
    curl -i %[1]s/~/forged/s/page

`, base, running.other.Token(), running.old.ResourcePath(), chosen.status)
	if chosen.visitor {
		fmt.Fprintln(s.out, "A visitor with a page of the old pod is playing along.")
	}
	if chosen.rollout > 0 {
		fmt.Fprintf(s.out, "The old pod begins to drain in %v.\n", chosen.rollout)
	}
	fmt.Fprintf(s.out, "Ctrl-C ends all.\n\n%-8s  %-9s  %-8s  %-6s  %s\n", "time", "pod", "kind", "by", "request")
}

// podEvent shows what a pod saw.
func (s *screen) podEvent(address netip.Addr, event pod.Event) {
	switch event.Kind {
	case pod.RequestBegan:
		s.request(address.String(), event.Request)
	case pod.StreamRolled:
		s.line(grey, address.String(), "sync", "", "rolled: the next stream of this page has taken over")
	case pod.DrainBegan:
		s.line(yellow, address.String(), "", "", "drains: its pages live on until they end or follow a link")
	case pod.DrainEnded:
		s.line(yellow, address.String(), "", "", "its last page has ended, the pod ends")
	}
}

func (s *screen) request(address string, request *pod.Request) {
	colour := green
	if request.Route != pod.RoutePage {
		colour = cyan
	}
	s.line(colour, address, request.Route.String(), s.decidedBy(request), request.Method+" "+shorten(request.URI))
}

// decidedBy says what led the request to the pod that saw it.
func (s *screen) decidedBy(request *pod.Request) string {
	if request.Route != pod.RoutePage {
		return "token"
	}
	if request.Header.Get("X-Forwarded-For") == "" {
		return "direct" // the visitor's first page, which is older than the demo
	}
	cookies := http.Request{Header: request.Header}
	if cookie, err := cookies.Cookie("upstream"); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, known := s.pods[cookie.Value]; known {
			return "cookie"
		}
	}
	return "policy"
}

// caddyAnswer shows answers that Caddy gave by itself: pods put a Via behind theirs.
func (s *screen) caddyAnswer(access accessLine) {
	if access.Header.Get("Via") == "" {
		s.line(red, "none", "", "", fmt.Sprintf("%s %s answered %d by Caddy", access.Request.Method, shorten(access.Request.URI), access.Status))
	}
}

func (s *screen) note(text string) { s.line(yellow, "", "", "", text) }

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	grey   = "90"
)

func (s *screen) line(colour, address, kind, by, text string) {
	line := fmt.Sprintf("%s  %-9s  %-8s  %-6s  %s", time.Now().Format("15:04:05"), address, kind, by, text)
	if s.colours {
		line = "\x1b[" + colour + "m" + line + "\x1b[0m"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.out, line)
}

// shorten leaves of a token what tells it from others, and drops what could
// confuse a terminal.
func shorten(uri string) string {
	uri = strings.Map(func(char rune) rune {
		if char < ' ' || char == 0x7f {
			return -1
		}
		return char
	}, uri)
	system, found := strings.CutPrefix(uri, "/~/")
	if found {
		token, rest, _ := strings.Cut(system, "/")
		if len(token) > 8 {
			token = token[:8] + "…"
		}
		uri = "/~/" + token + "/" + rest
	}
	if runes := []rune(uri); len(runes) > 80 {
		uri = string(runes[:79]) + "…"
	}
	return uri
}
