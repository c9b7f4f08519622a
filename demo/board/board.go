// Package board is the app of the demo: a board with a counter, a note and a ticking list. All of
// them are in the memory of the pod that rendered the page.
package board

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

//go:embed board.html
var boardHTML string

//go:embed board.css
var boardCSS string

// page returns the template for the pages of a version.
func page(version Version) *template.Template {
	made := template.New("board").Funcs(template.FuncMap{"version": func() Version { return version }, "draining": func() string { return draining }})
	template.Must(made.New("style").Parse(boardCSS))
	return template.Must(made.Parse(boardHTML))
}

// The hook of the note. Its body is the text as a JSON string. The counter and the link use the
// pod's own hooks.
const hookNote = "3"

const (
	maxNote   = 1000 // bytes
	tickEvery = 2 * time.Second
	ticks     = 6 // length of the list

	draining = "A newer version is out. This page stays as it is, on its own version. Follow the link when you like: it moves you over."
)

// note is what a page has written so far.
type note struct {
	text    string
	changes int
}

// board is the app in one pod.
type board struct {
	started chan struct{} // closed when pod is set
	pod     *pod.Pod

	mu    sync.Mutex
	notes map[string]note // by page
	ticks []string        // newest first
}

// observe tracks the pages of the pod.
func (b *board) observe(event pod.Event) {
	b.mu.Lock()
	switch event.Kind {
	case pod.InstanceBegan:
		b.notes[event.Instance] = note{}
	case pod.InstanceEnded:
		delete(b.notes, event.Instance)
	}
	b.mu.Unlock()
	if event.Kind == pod.DrainBegan {
		b.toAll("set_text", "notice", draining)
	}
}

// pages returns the open pages.
func (b *board) pages() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Keys(b.notes))
}

func (b *board) send(page, action string, arguments ...any) {
	<-b.started
	b.pod.Send(page, action, arguments...)
}

func (b *board) toAll(action string, arguments ...any) {
	for _, page := range b.pages() {
		b.send(page, action, arguments...)
	}
}

// tick adds a line to the list on all pages.
func (b *board) tick(now time.Time) {
	count := "1 page lives"
	if open := len(b.pages()); open != 1 {
		count = fmt.Sprintf("%d pages live", open)
	}
	b.mu.Lock()
	b.ticks = append([]string{now.Format(time.TimeOnly) + " · " + count + " in this pod"}, b.ticks...)
	b.ticks = b.ticks[:min(len(b.ticks), ticks)]
	lines := slices.Clone(b.ticks)
	b.mu.Unlock()
	b.toAll("set_list", "ticks", lines)
}

// keep stores the text of a page's note.
func (b *board) keep(w http.ResponseWriter, r *http.Request) {
	var text string
	if err := json.NewDecoder(io.LimitReader(r.Body, maxNote)).Decode(&text); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	page := pod.InstanceOf(r)
	b.mu.Lock()
	kept := note{text, b.notes[page].changes + 1}
	b.notes[page] = kept
	b.mu.Unlock()
	b.send(page, "set_text", "kept", kept.text)
	b.send(page, "set_text", "changes", strconv.Itoa(kept.changes))
	if track, err := strconv.Atoi(r.URL.Query().Get("t")); err == nil {
		b.send(page, "report_hook", track)
	}
}
