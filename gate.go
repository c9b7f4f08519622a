package doorscaddy

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The headers between a draining pod and its proxies. Both are Booleans of RFC
// 9651.
const (
	markHeader       = "Doors-Draining"    // in answers: this pod is draining
	lastChoiceHeader = "Doors-Last-Choice" // in requests: no other pod can take this one
	headerTrue       = "?1"
)

// renderLimit is how long a page load may delay the drain. Doors gives a page
// the same time to render. Other answers may never end.
const renderLimit = 30 * time.Second

// gate is in front of everything that the server serves. It counts requests and
// streams, and once it is closed it marks answers and refuses new pages.
type gate struct {
	next      http.Handler
	readyPath string // "" for none

	closed atomic.Bool // written with mu held

	mu       sync.Mutex
	requests int
	loading  int            // page loads in the app
	lastPage time.Time      // when the gate was closed or last let in a page
	streams  map[string]int // open receiver streams by instance; a page that renews its stream briefly has two
}

func newGate(next http.Handler, readyPath string) *gate {
	return &gate{next: next, readyPath: readyPath, streams: map[string]int{}}
}

// close refuses new pages from now on, unless no other pod can take them.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed.Store(true)
	g.lastPage = time.Now()
}

// quiet reports whether no page has been let in for the given delay, and none
// is being rendered.
func (g *gate) quiet(now time.Time, delay time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	silence := now.Sub(g.lastPage)
	return silence >= delay && (g.loading == 0 || silence >= delay+renderLimit)
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads && g.readyPath != "" && r.URL.Path == g.readyPath {
		g.serveReady(w)
		return
	}
	system, inside := systemPath(r)
	entry, let := g.enter(reads && !inside, strings.TrimSpace(r.Header.Get(lastChoiceHeader)) == headerTrue, streamOf(r.Method, system))
	defer g.leave(entry)
	if !let {
		g.refuse(w)
		return
	}
	answer, complete := g.answer(w, r)
	g.next.ServeHTTP(answer, r)
	complete()
}

// entry says how a request is counted.
type entry struct {
	loading bool
	stream  string // instance, or ""
}

// enter counts a request. It reports whether the request is let through to the
// app.
func (g *gate) enter(page, lastChoice bool, stream string) (counted entry, let bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests++
	if stream != "" {
		g.streams[stream]++
	}
	closed := g.closed.Load()
	let = !page || !closed || lastChoice
	if counted = (entry{page && let, stream}); counted.loading {
		g.loading++
		if closed {
			g.lastPage = time.Now()
		}
	}
	return counted, let
}

func (g *gate) leave(counted entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests--
	if counted.stream != "" {
		if g.streams[counted.stream]--; g.streams[counted.stream] == 0 {
			delete(g.streams, counted.stream)
		}
	}
	if counted.loading {
		g.loading--
	}
}

// load is what a server has left to do. It is the answer under [WithReadyPath].
type load struct {
	// Draining is set once the server has been told to stop.
	Draining bool `json:"draining"`
	// Requests is the number of requests in the app, receiver streams included.
	Requests int `json:"requests"`
	// Pages is the number of pages with an open receiver stream.
	Pages int `json:"pages"`
}

func (g *gate) load() load {
	g.mu.Lock()
	defer g.mu.Unlock()
	return load{g.closed.Load(), g.requests, len(g.streams)}
}

// serveReady answers probes itself: the app would make a session for each one.
func (g *gate) serveReady(w http.ResponseWriter) {
	now := g.load()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	if now.Draining {
		mark(w.Header(), http.StatusServiceUnavailable)
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(now) // if the prober is gone, nothing is lost
}

// refused is the page that a browser shows if a proxy ignores the mark and
// forwards the 503. For an empty 503 it would show an error page of its own and
// stay there.
const refused = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="1">
<title>One moment, please</title>
<p>This server is about to stop. The page loads again by itself.</p>
`

// refuse answers a page load that should go to another pod.
func (g *gate) refuse(w http.ResponseWriter) {
	header := w.Header()
	mark(header, http.StatusServiceUnavailable)
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(refused)) // if the client is gone, nothing is lost
}

// systemPath returns what follows /~/ in the path, without the query. It uses
// the unescaped bytes of the request, as Doors does: an escaped tilde is a
// page.
func systemPath(r *http.Request) (rest string, inside bool) {
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") { // absolute form
		target = r.URL.RequestURI()
	}
	target, _, _ = strings.Cut(target, "?")
	return strings.CutPrefix(target, "/~/")
}

// streamOf returns the instance whose receiver stream a request opens, or "".
// The path of such a request is ID/s/INSTANCE.
func streamOf(method, system string) string {
	if method != http.MethodGet {
		return ""
	}
	_, rest, _ := strings.Cut(system, "/")
	instance, found := strings.CutPrefix(rest, "s/")
	if !found || strings.Contains(instance, "/") {
		return ""
	}
	return instance
}
