// In: sources that are provisioned and cleaned up.
// Out: those of the configuration that is in force.

package caddydoors

import (
	"cmp"
	"slices"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// liveSources are the sources that are provisioned. While a configuration replaces another one, both have some.
type liveSources struct {
	mu   sync.Mutex
	list []liveSource
}

// liveSource is a source and the app that it is part of, of which each configuration has its own.
type liveSource struct {
	source *Source
	app    *caddyhttp.App
}

func (l *liveSources) add(source *Source, app *caddyhttp.App) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, liveSource{source, app})
}

// noticed tells whether a source of the app has a notice.
func (l *liveSources) noticed(app *caddyhttp.App) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.list, func(live liveSource) bool { return live.app == app && live.source.notice != "" })
}

func (l *liveSources) remove(source *Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(live liveSource) bool { return live.source == source })
}

// maxPods is the most that any of the sources asks for.
func (l *liveSources) maxPods() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := 0
	for _, live := range l.list {
		most = max(most, live.source.maxPods())
	}
	return cmp.Or(most, defaultMaxPods)
}

// inForce returns the sources of the configuration that Caddy runs.
func (l *liveSources) inForce() []*Source {
	app, _ := caddy.ActiveContext().AppIfConfigured("http") // nil before the first configuration runs
	running, _ := app.(*caddyhttp.App)
	return l.of(running)
}

// of returns the sources of an app in the order in which they were provisioned. The sources of one that is being loaded are not
// complete yet, and it may fail to load; so they count only where the running one has none.
func (l *liveSources) of(running *caddyhttp.App) (sources []*Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return nil
	}
	if !slices.ContainsFunc(l.list, func(live liveSource) bool { return live.app == running }) {
		running = l.list[len(l.list)-1].app
	}
	for _, live := range l.list {
		if live.app == running {
			sources = append(sources, live.source)
		}
	}
	return sources
}

// identity is the part of a source's configuration that is shown: no key.
type identity struct {
	cookieName string
	cidrs      [][]string // of each server
}

// identityOf takes it from a configuration that the library has accepted.
func identityOf(document map[string]any) identity {
	name, _ := document["cookie_name"].(string)
	shown := identity{cookieName: name}
	upstreams, _ := document["upstreams"].([]any)
	for _, upstream := range upstreams {
		members, _ := upstream.(map[string]any)
		var cidrs []string
		if one, ok := members["cidr"].(string); ok {
			cidrs = []string{one}
		}
		several, _ := members["cidrs"].([]any)
		for _, one := range several {
			text, _ := one.(string)
			cidrs = append(cidrs, text)
		}
		shown.cidrs = append(shown.cidrs, cidrs)
	}
	return shown
}
