package pod

import "strings"

// Route is the kind of a request.
type Route int

// The routes of a Doors server.
const (
	RoutePage     Route = iota // GET /any/path
	RouteSync                  // /~/ID/s/INST
	RouteHook                  // /~/ID/h/INST/HOOK[/name]
	RouteHistory               // /~/ID/u/INST/path
	RouteResource              // /~/ID/r/HASH.name
	RouteUnknown               // any other path under /~/
	routeCount
)

// String returns the route as one word.
func (r Route) String() string {
	switch r {
	case RoutePage:
		return "page"
	case RouteSync:
		return "sync"
	case RouteHook:
		return "hook"
	case RouteHistory:
		return "history"
	case RouteResource:
		return "resource"
	default:
		return "unknown"
	}
}

// target is a parsed request target. Like Doors it uses the bytes as sent: an escaped tilde is a
// page.
type target struct {
	route    Route
	instance string // for sync, hook and history
	rest     string // hook number and name, resource file, or history path
}

// parseTarget ignores the ID: a Doors server answers under any ID.
func parseTarget(uri string) target {
	path, _, _ := strings.Cut(uri, "?")
	system, found := strings.CutPrefix(path, "/~/")
	if !found {
		return target{route: RoutePage}
	}
	id, system, found := strings.Cut(system, "/")
	if !found || id == "" {
		return target{route: RouteUnknown}
	}
	letter, rest, _ := strings.Cut(system, "/")
	if rest == "" {
		return target{route: RouteUnknown}
	}
	if letter == "r" {
		return target{route: RouteResource, rest: rest}
	}
	instance, rest, _ := strings.Cut(rest, "/")
	switch {
	case letter == "s" && rest == "":
		return target{route: RouteSync, instance: instance}
	case letter == "h" && rest != "":
		return target{route: RouteHook, instance: instance, rest: rest}
	case letter == "u":
		return target{route: RouteHistory, instance: instance, rest: rest}
	default:
		return target{route: RouteUnknown}
	}
}
