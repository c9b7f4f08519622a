// In: the text of a configuration, from the command line.
// Out: its sources, read or loaded, for the commands in internal/command.

package caddydoors

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/command"
	"github.com/doors-dev/doors-caddy/go"
)

func init() {
	caddycmd.RegisterCommand(command.New(command.Module{Sources: readSources, Load: loadSources}))
}

// placed is a source in the JSON of a configuration.
type placed struct {
	place  string // of the handler
	config json.RawMessage
}

// readSources returns the sources of a configuration without loading it.
func readSources(config []byte) ([]command.Source, error) {
	var sources []command.Source
	for _, found := range findSources("", config) {
		source, err := readSource(found)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", found.place, err)
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// findSources looks for handlers with a doors_upstream source in a JSON value, wherever they are.
func findSources(place string, value json.RawMessage) (sources []placed) {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil {
		for i, element := range list {
			sources = append(sources, findSources(place+"["+strconv.Itoa(i)+"]", element)...)
		}
		return sources
	}
	members, err := jsonMembers(value)
	if err != nil {
		return nil // a text or a number
	}
	if string(members["handler"]) == `"`+directiveID+`"` {
		for _, name := range []string{"upstreams", "dynamic_upstreams"} {
			if key, found := memberKey(members, name); found && sourceOf(members[key]) == sourceName {
				return []placed{{place, members[key]}}
			}
		}
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

// readSource makes a source's router.
func readSource(found placed) (source command.Source, err error) {
	document, err := resolvePlaceholders(found.config)
	if err != nil {
		return source, err
	}
	if _, err := takeOptions(document); err != nil {
		return source, err
	}
	router, err := newRouter(document)
	if err != nil {
		return source, err
	}
	return sourceForCommands(found.place, router, document)
}

// sourceForCommands describes a source by its router and the resolved JSON that the router was made of.
func sourceForCommands(place string, router *doors.Router, document map[string]any) (command.Source, error) {
	source := command.Source{Place: place, Router: router}
	var members struct {
		CookieName string     `json:"cookie_name"`
		Upstreams  []Upstream `json:"upstreams"`
	}
	text, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		return source, err
	}
	source.CookieName = members.CookieName
	for i, upstream := range members.Upstreams {
		server := command.Server{CIDRs: upstream.CIDRs}
		if upstream.CIDR != "" {
			server.CIDRs = []string{upstream.CIDR}
		}
		server.Host, server.Port = router.Upstream(i)
		source.Servers = append(source.Servers, server)
	}
	return source, nil
}

// provisioned is told of each handler with a source when it has been provisioned. It is nil but while loadSources runs, which
// only happens in a process that does nothing else.
var provisioned func(h *Handler, warnings []warning)

// loadSources provisions a configuration as a whole.
func loadSources(config []byte) ([]command.Loaded, error) {
	config = caddy.RemoveMetaFields(config)
	var whole caddy.Config
	if err := caddy.StrictUnmarshalJSON(config, &whole); err != nil {
		return nil, err
	}
	// Logs of the configuration could go to standard output, or to files that the running Caddy must be able to write. What
	// the source logs is part of the result.
	whole.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{caddy.DefaultLoggerName: {
		BaseLog: caddy.BaseLog{Level: "WARN"}, Exclude: []string{string(new(Source).CaddyModule().ID)},
	}}}
	var handlers []loadedHandler
	provisioned = func(h *Handler, warnings []warning) { handlers = append(handlers, loadedHandler{h, warnings}) }
	defer func() { provisioned = nil }()
	if _, err := caddy.ProvisionContext(&whole); err != nil {
		return nil, err
	}
	var sources []command.Loaded
	for _, found := range findSources("", config) {
		// Handlers are provisioned in no certain order. Which of two equal sources is which makes no difference.
		i := slices.IndexFunc(handlers, func(h loadedHandler) bool { return sameSource(h.source.config, found.config) })
		if i < 0 {
			return nil, fmt.Errorf("%s: this Caddy did not load the source with our handler", found.place)
		}
		source, err := handlers[i].describe(found)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", found.place, err)
		}
		sources = append(sources, source)
		handlers = slices.Delete(handlers, i, i+1)
	}
	return sources, nil
}

// sameSource compares the JSON of two sources. Caddy takes the name of a module out of what it hands to the module.
func sameSource(a, b json.RawMessage) bool {
	var left, right map[string]any
	if json.Unmarshal(a, &left) != nil || json.Unmarshal(b, &right) != nil {
		return false
	}
	delete(left, "source")
	delete(right, "source")
	return reflect.DeepEqual(left, right)
}
