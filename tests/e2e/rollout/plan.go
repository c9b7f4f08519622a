package main

import (
	"fmt"
	"slices"
)

type phase struct {
	name string
	do   func() error
}

// kinds are the phases by their names on the command line. Long ones are left out of a short run.
var kinds = []struct {
	name string
	long bool
	make func(r *run) []phase
}{
	{"deploy", false, func(r *run) []phase {
		var all []phase
		for generation := range r.generations {
			all = append(all, phase{fmt.Sprintf("deployment %d", generation+1), r.deploy})
		}
		return all
	}},
	{"scale", false, func(r *run) []phase {
		return []phase{{"an upstream is scaled up", r.scaleUp}, {"and down", r.scaleDown}}
	}},
	{"single", false, one("a single pod is replaced", (*run).single)},
	{"evict", false, func(r *run) []phase {
		if !r.serving[0].Evicts() {
			return nil
		}
		return []phase{{"the pages of a pod are evicted", r.evict}}
	}},
	{"kill", false, one("a pod gets SIGKILL", (*run).killOne)},
	{"stop", false, one("a pod stands still, then goes on", (*run).stopOne)},
	{"upstream", false, one("all pods of an upstream get SIGKILL", (*run).killUpstream)},
	{"none", false, one("all pods of all upstreams get SIGKILL", (*run).killAll)},
	{"nameserver", false, one("the name server fails", (*run).nameServerOutage)},
	{"reload", false, one("the proxy reloads", (*run).reload)},
	{"replica", false, one("another replica takes over", (*run).takeOver)},
	{"blip", false, one("an address swallows packets for a moment", (*run).blip)},
	{"lost", false, onNodes("a replica is lost", (*run).loseReplica)},
	{"unreachable", false, onNodes("a replica is unreachable", (*run).unreachable)},
	{"isolated", false, onNodes("a replica reaches no pod", (*run).isolated)},
	{"node", false, onNodes("the node of some pods is unreachable", (*run).unreachablePods)},
	{"key", false, one("the proxy has a wrong key", (*run).wrongKey)},
	{"blackhole", true, one("an address swallows packets for good", (*run).blackHole)},
	{"last", true, one("a last deployment", (*run).deploy)},
}

func one(name string, do func(*run) error) func(*run) []phase {
	return func(r *run) []phase { return []phase{{name, func() error { return do(r) }}} }
}

// onNodes returns a phase that needs nodes.
func onNodes(name string, do func(*run) error) func(*run) []phase {
	return func(r *run) []phase {
		if r.site.Nodes == nil {
			return nil
		}
		return one(name, do)(r)
	}
}

func phaseNames() []string {
	var names []string
	for _, kind := range kinds {
		names = append(names, kind.name)
	}
	return names
}

// plan returns the phases of one round, in order.
func (r *run) plan() []phase {
	var all []phase
	for _, kind := range kinds {
		if len(r.phases) > 0 && !slices.Contains(r.phases, kind.name) || len(r.phases) == 0 && r.short && kind.long {
			continue
		}
		all = append(all, kind.make(r)...)
	}
	return all
}
