package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
)

type options struct {
	proxy       string // name of the proxy
	binary      string
	upstreams   int
	pods        int
	generations int
	rounds      int
	sessions    int
	short       bool
	phases      []string      // empty for all
	with        string        // further lines for the source in the Caddyfile
	unmarked    bool          // pods do not say that they are draining
	oneMachine  bool          // one replica, and no nodes
	delay       time.Duration // of a link, one way
	loss        float64       // percentage of packets that a link drops

	roll  time.Duration // how often streams are renewed
	think time.Duration // between two actions of a visitor
	stay  time.Duration // of a visitor on a page
	watch time.Duration // how long each phase continues after its action
	cache time.Duration // largest age of the name server's answers
}

// maxUpstreams keeps the pods of upstream N on 127.0.N.0/24, apart from the proxies on
// 127.0.0.0/24.
const maxUpstreams = 200

func parseOptions(arguments []string) (options, error) {
	var o options
	var phases string
	flags := flag.NewFlagSet("rollout", flag.ContinueOnError)
	flags.StringVar(&o.proxy, "proxy", "caddy", "the proxy to test: "+strings.Join(slices.Sorted(maps.Keys(proxy.Programs)), " or "))
	flags.StringVar(&o.binary, "binary", "bin/caddy", "the program of that proxy")
	flags.IntVar(&o.upstreams, "upstreams", 2, "number of upstreams, each with a host name of its own")
	flags.IntVar(&o.pods, "pods", 2, "pods that each upstream has at a time")
	flags.IntVar(&o.generations, "generations", 4, "deployments of each upstream in one round")
	flags.IntVar(&o.rounds, "rounds", 1, "how often all phases run")
	flags.IntVar(&o.sessions, "sessions", 300, "visitors at the same time, each with one page open")
	flags.BoolVar(&o.short, "short", false, "a minute instead of several: fewer deployments, shorter faults, and none that has to last")
	flags.StringVar(&phases, "phases", "", "run only these phases, separated by commas: "+strings.Join(phaseNames(), ", "))
	flags.StringVar(&o.with, "with", "", "more options for doors_upstream, separated by semicolons, such as \"refresh 5s; gone_rate 0\"")
	flags.DurationVar(&o.roll, "roll", 5*time.Second, "how often pages renew their streams (15s in Doors)")
	flags.DurationVar(&o.think, "think", 2*time.Second, "average time between two clicks of a visitor")
	flags.DurationVar(&o.stay, "stay", 10*time.Second, "average time a visitor looks at one page; one of eight stays five times as long")
	flags.DurationVar(&o.watch, "watch", 10*time.Second, "how long to go on after each thing done")
	flags.DurationVar(&o.cache, "cache", time.Minute, "how old answers of the name server are at most; drawn for each host in each phase")
	flags.BoolVar(&o.oneMachine, "one-machine", false, "one replica and all pods on one machine, without nodes of their own and links between them")
	flags.DurationVar(&o.delay, "delay", 500*time.Microsecond, "how long a packet takes from one node to another")
	flags.Float64Var(&o.loss, "loss", 0.1, "how many packets of a hundred a link drops")
	flags.BoolVar(&o.unmarked, "unmarked", false, "pods do not say that they drain; the table must show it")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if o.short {
		given := map[string]bool{}
		flags.Visit(func(one *flag.Flag) { given[one.Name] = true })
		for _, short := range []struct {
			name  string
			apply func()
		}{
			{"generations", func() { o.generations = 1 }},
			{"sessions", func() { o.sessions = 200 }},
			{"roll", func() { o.roll = 4 * time.Second }},
			{"stay", func() { o.stay = 5 * time.Second }},
			{"watch", func() { o.watch = 2 * time.Second }},
			{"cache", func() { o.cache = 2 * time.Second }},
		} {
			if !given[short.name] {
				short.apply()
			}
		}
	}
	if phases != "" {
		o.phases = strings.Split(phases, ",")
	}
	return o, o.check(flags.Args())
}

func (o *options) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unknown argument %q", rest[0])
	}
	for _, limit := range []struct {
		name              string
		value, least, end int
	}{
		{"-upstreams", o.upstreams, 2, maxUpstreams}, {"-pods", o.pods, 2, 50}, {"-generations", o.generations, 1, 1000},
		{"-rounds", o.rounds, 1, 100000}, {"-sessions", o.sessions, 16, 20000},
	} {
		if limit.value < limit.least || limit.value > limit.end {
			return fmt.Errorf("%s %d: must be from %d to %d", limit.name, limit.value, limit.least, limit.end)
		}
	}
	if min(o.roll, o.think, o.stay, o.watch) < 100*time.Millisecond {
		return errors.New("-roll, -think, -stay and -watch: must be 100ms at least")
	}
	if o.delay < 0 || o.delay > time.Second {
		return errors.New("-delay: must be from 0s to 1s")
	}
	if o.loss < 0 || o.loss > 50 {
		return errors.New("-loss: must be from 0 to 50")
	}
	if o.cache < 0 {
		return errors.New("-cache: must not be negative")
	}
	for _, name := range o.phases {
		if !slices.Contains(phaseNames(), name) {
			return fmt.Errorf("-phases: there is no phase %q; there are %s", name, strings.Join(phaseNames(), ", "))
		}
	}
	if proxy.Programs[o.proxy] == nil {
		return fmt.Errorf("-proxy: unknown proxy %q", o.proxy)
	}
	var err error
	o.binary, err = filepath.Abs(o.binary)
	return err
}

// instanceTTL is how long a pod keeps a silent page. In Doors it is 40 minutes. Here it limits how
// long abandoned pages delay a drain, and is longer than the longest fault.
func (o *options) instanceTTL() time.Duration { return 4*o.roll + 15*time.Second }
