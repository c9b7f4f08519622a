// In: sources that are provisioned and cleaned up.
// Out: those of the configuration that was loaded last.

package caddydoors

import (
	"slices"
	"sync"

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

func (l *liveSources) remove(source *Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(live liveSource) bool { return live.source == source })
}

// latest returns the sources of the newest configuration, in the order in which they were provisioned. One that fails to load is
// the newest only until it is cleaned up.
func (l *liveSources) latest() (sources []*Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, live := range l.list {
		if live.app == l.list[len(l.list)-1].app {
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
