// Package doors is a stand-in for the framework, for tests that cannot download it. It has the part
// of the API that our samples use. A loaded page stays open until a POST to /~/ID/h/end.
package doors

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/doors-dev/gox"
)

// Request is a page load.
type Request any

// App is an app that handles requests.
type App interface {
	http.Handler
	// Drain calls callback once, when the last page has ended.
	Drain(callback func())
}

// With is an option of NewApp.
type With func(*app)

// WithID sets the ID, which follows /~/ in paths.
func WithID(id string) With { return func(a *app) { a.id = id } }

// WithIDCookie sets the name of the cookie with the ID.
func WithIDCookie(name string) With { return func(a *app) { a.cookie = name } }

// NewApp returns an app with the given page.
func NewApp[C gox.Comp](page func(ctx context.Context, r Request) C, options ...With) App {
	made := &app{page: func(ctx context.Context) gox.Comp { return page(ctx, nil) }}
	for _, option := range options {
		option(made)
	}
	return made
}

type app struct {
	id, cookie string
	page       func(context.Context) gox.Comp

	mu      sync.Mutex
	open    int
	drained func()
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: a.cookie, Value: a.id})
	switch {
	case r.URL.Path == "/~/"+a.id+"/h/end":
		w.WriteHeader(http.StatusGone) // flushed on return, as in Doors
		a.change(-1)
	case strings.HasPrefix(r.URL.Path, "/~/"):
	default:
		a.change(+1)
		_ = a.page(r.Context()).Main()(gox.Cursor{To: w})
	}
}

func (a *app) change(pages int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open += pages; a.open == 0 && a.drained != nil {
		a.drained()
	}
}

func (a *app) Drain(callback func()) {
	a.mu.Lock()
	a.drained = callback
	a.mu.Unlock()
	a.change(0)
}

// RequestPointer is a click.
type RequestPointer any

// AClick handles clicks. On returns whether this was the last one.
type AClick struct {
	On func(ctx context.Context, r RequestPointer) bool
}

// Source is a value that pages show.
type Source[T any] struct{ value *T }

// NewSource returns a source with an initial value.
func NewSource[T comparable](value T) Source[T] { return Source[T]{&value} }

// Mutate changes the value.
func (s Source[T]) Mutate(_ context.Context, change func(T) T) { *s.value = change(*s.value) }

// Bind shows the value.
func (s Source[T]) Bind(show func(T) gox.Elem) gox.Elem { return show(*s.value) }
