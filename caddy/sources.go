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

// liveSources are the sources that are provisioned, by their configuration. While one replaces another one, both have some.
type liveSources struct {
	mu   sync.Mutex
	list []*configuration // the oldest first
}

// configuration is what the sources of one configuration share. Each has an app of its own. What is not under the lock is for Provision:
// a configuration is provisioned by one goroutine.
type configuration struct {
	app     *caddyhttp.App
	sources []*Source // in the order in which they were provisioned

	said      map[string]bool
	listeners *listeners // nil until somebody asks
}

func (l *liveSources) add(source *Source, app *caddyhttp.App) *configuration {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.list, func(c *configuration) bool { return c.app == app })
	if i < 0 {
		i = len(l.list)
		l.list = append(l.list, &configuration{app: app, said: make(map[string]bool)})
	}
	l.list[i].sources = append(l.list[i].sources, source)
	return l.list[i]
}

// once tells whether this is the first time that something is to be said of the configuration.
func (c *configuration) once(text string) bool {
	first := !c.said[text]
	c.said[text] = true
	return first
}

// listening returns where the servers of the configuration listen.
func (c *configuration) listening() *listeners {
	if c.listeners == nil {
		c.listeners = listenersOf(c.app)
	}
	return c.listeners
}

func (l *liveSources) remove(source *Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, configuration := range l.list {
		if at := slices.Index(configuration.sources, source); at >= 0 {
			configuration.sources = slices.Delete(configuration.sources, at, at+1)
			if len(configuration.sources) == 0 {
				l.list = slices.Delete(l.list, i, i+1)
			}
			return
		}
	}
}

// maxPods is the most that any of the sources asks for.
func (l *liveSources) maxPods() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := 0
	for _, configuration := range l.list {
		for _, source := range configuration.sources {
			most = max(most, source.maxPods())
		}
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
func (l *liveSources) of(running *caddyhttp.App) []*Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return nil
	}
	i := slices.IndexFunc(l.list, func(c *configuration) bool { return c.app == running })
	if i < 0 {
		i = len(l.list) - 1
	}
	return slices.Clone(l.list[i].sources)
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
