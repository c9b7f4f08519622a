package inspect

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/original"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
)

// placed is a source in the JSON of a configuration.
type placed struct {
	place string // of the handler
	text  json.RawMessage
}

// readSources returns the sources of a configuration without loading it.
func readSources(text []byte) ([]Source, error) {
	var sources []Source
	for _, found := range findSources("", text) {
		source, err := readSource(found)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", found.place, err)
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// findSources returns the handlers with a doors_upstream source anywhere in a JSON value.
func findSources(place string, value json.RawMessage) (sources []placed) {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil {
		for i, element := range list {
			sources = append(sources, findSources(place+"["+strconv.Itoa(i)+"]", element)...)
		}
		return sources
	}
	members, err := config.Members(value)
	if err != nil {
		return nil // a string or a number
	}
	if string(members["handler"]) == `"`+config.Directive+`"` {
		for _, name := range []string{"upstreams", "dynamic_upstreams"} {
			if key, found := config.MemberKey(members, name); found && config.SourceOf(members[key]) == config.SourceName {
				return []placed{{place, members[key]}}
			}
		}
	}
	if string(members["handler"]) == `"`+original.HandlerName+`"` { // with the options of the handlers behind it
		delete(members, "handler")
		text, _ := json.Marshal(members) // cannot fail: the value was decoded from JSON
		return []placed{{place, text}}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		inner := name
		if place != "" {
			inner = place + "." + name
		}
		sources = append(sources, findSources(inner, members[name])...)
	}
	return sources
}

// readSource makes the router of a source.
func readSource(found placed) (Source, error) {
	loaded, err := config.Load(found.text, config.Decide)
	if err != nil {
		return Source{}, err
	}
	return sourceOf(found.place, loaded), nil
}

// sourceOf describes a loaded source.
func sourceOf(place string, loaded *config.Loaded) Source {
	source := Source{Place: place, Router: loaded.Router, CookieName: loaded.CookieName}
	for i, cidrs := range loaded.CIDRs {
		upstream := Upstream{CIDRs: cidrs, Hosts: loaded.Hosts[i]}
		_, upstream.Port = loaded.Router.Upstream(i)
		source.Upstreams = append(source.Upstreams, upstream)
	}
	return source
}

// loadSources provisions the whole configuration.
func loadSources(text []byte) ([]Loaded, error) {
	text = caddy.RemoveMetaFields(text)
	var whole caddy.Config
	if err := caddy.StrictUnmarshalJSON(text, &whole); err != nil {
		return nil, err
	}
	// The configured logs could go to standard output, or to files that the running Caddy must be
	// able to write. What the source logs is part of the result.
	whole.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{caddy.DefaultLoggerName: {
		BaseLog: caddy.BaseLog{Level: "WARN"}, Exclude: []string{string(new(proxy.Source).CaddyModule().ID)},
	}}}
	var handlers []loadedHandler
	proxy.Inspected = func(h *proxy.Handler, warnings []config.Warning) {
		handlers = append(handlers, loadedHandler{h, warnings})
	}
	defer func() { proxy.Inspected = nil }()
	if _, err := caddy.ProvisionContext(&whole); err != nil {
		return nil, err
	}
	var sources []Loaded
	for _, found := range findSources("", text) {
		// Handlers are provisioned in random order. If two sources are equal, either will do.
		i := slices.IndexFunc(handlers, func(h loadedHandler) bool { return h.reads(found.text) })
		if i < 0 {
			return nil, fmt.Errorf("%s: this Caddy did not load the source with our handler", found.place)
		}
		sources = append(sources, handlers[i].describe(found.place))
		handlers = slices.Delete(handlers, i, i+1)
	}
	return sources, nil
}

// sameSource compares the JSON of two sources. Caddy removes the module name before it passes the
// JSON to a module.
func sameSource(a, b json.RawMessage) bool {
	var left, right map[string]any
	if json.Unmarshal(a, &left) != nil || json.Unmarshal(b, &right) != nil {
		return false
	}
	delete(left, "source")
	delete(right, "source")
	return reflect.DeepEqual(left, right)
}
