package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/demo/board"
)

// eventKind is a kind of event.
type eventKind string

const (
	eventUp    eventKind = "up"
	eventDrain eventKind = "drain"
	eventKill  eventKind = "kill"
	eventPage  eventKind = "page"
	eventWrong eventKind = "wrong" // the only red one
)

var colours = map[eventKind]string{eventUp: "32", eventDrain: "33", eventKill: "35", eventPage: "36", eventWrong: "31"}

// event is a line on the screen.
type event struct {
	ID   int       `json:"id"` // from 1
	Time string    `json:"time"`
	Kind eventKind `json:"kind"`
	Text string    `json:"text"`
}

// kept is how many events the story can show.
const kept = 100

// screen writes whole lines to the terminal and keeps the last ones for the story. It is safe for
// concurrent use.
type screen struct {
	mu      sync.Mutex
	out     io.Writer
	colours bool
	current board.Version
	events  []event
	last    int
}

func newScreen(out io.Writer, colours bool) *screen {
	return &screen{out: out, colours: colours}
}

// terminal reports whether to use colours.
func terminal(file *os.File) bool {
	information, err := file.Stat()
	return err == nil && information.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// introduce prints where to look.
func (s *screen) introduce(chosen options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, `
  Open %s/ in a browser: a rollout, seen by a visitor and by an operator.
  The app alone is at %s/, and Caddy's metrics are at %[1]s/metrics.
`, chosen.url(chosen.status), chosen.url(chosen.listen))
	if chosen.https {
		fmt.Fprintln(s.out, "  The certificate is made for this demo: tell the browser to accept it, at both addresses.")
	} else {
		fmt.Fprintln(s.out, "  Without HTTPS a browser has no HTTP/2, so five tabs are its limit: make demo ARGS=-https has none.")
	}
	fmt.Fprint(s.out, `
  Enter deploys the next version, k and Enter kills a pod, Ctrl-C ends the demo.

`)
}

// version sets the version for new pages.
func (s *screen) version(version board.Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = version
}

// say writes a line.
func (s *screen) say(kind eventKind, format string, values ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	now := event{s.last, time.Now().Format(time.TimeOnly), kind, fmt.Sprintf(format, values...)}
	if s.events = append(s.events, now); len(s.events) > kept {
		s.events = slices.Delete(s.events, 0, 1)
	}
	line := now.Time + "  " + now.Text
	if s.colours {
		line = "\x1b[" + colours[kind] + "m" + line + "\x1b[0m"
	}
	fmt.Fprintln(s.out, line)
}

// after returns the version for new pages, and the events after the given one.
func (s *screen) after(id int) (board.Version, []event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := slices.IndexFunc(s.events, func(one event) bool { return one.ID > id })
	if first < 0 {
		return s.current, []event{}
	}
	return s.current, slices.Clone(s.events[first:])
}
