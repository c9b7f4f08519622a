package config

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/routing"
)

func optionsFrom(t *testing.T, config string) (Options, map[string]any, error) {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal([]byte(config), &document); err != nil {
		t.Fatal(err)
	}
	options, err := takeOptions(document)
	return options, document, err
}

func TestTakeOptions(t *testing.T) {
	options, rest, err := optionsFrom(t, `{"secret": "x", "refresh": "2s", "resolver": {"addresses": ["127.0.0.1", "tcp/[::1]:5353"]}, "dial_timeout": 1000000000,
		"dial_fallback_delay": -1, "versions": {"ipv6": true}, "stale_max": "1m", "first_lookup": "7s",
		"gone_after": "5s", "gone_rate": 0, "drain_max": "2h", "page_wait": 0, "max_pods": 20000, "roll_time": "1m", "session_time": "2h", "decision_header": "X-Why"}`)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"secret": "x"}; !reflect.DeepEqual(rest, want) {
		t.Errorf("left for the library: %v, want %v", rest, want)
	}
	resolution, err := options.lookups()
	if err != nil {
		t.Fatal(err)
	}
	want := dns.Options{
		Resolvers: []string{"udp/127.0.0.1:53", "tcp/[::1]:5353"}, DialTimeout: time.Second, FallbackDelay: -1,
		Network: "ip6",
	}
	if !reflect.DeepEqual(resolution, want) {
		t.Errorf("got %+v, want %+v", resolution, want)
	}
	flow := routing.Options{Refresh: 2 * time.Second, StaleMax: time.Minute, FirstLookup: 7 * time.Second, GoneAfter: 5 * time.Second, DrainMax: 2 * time.Hour, RollTime: time.Minute}
	if got := options.Flow(); got != flow {
		t.Errorf("for the library %+v, want %+v", got, flow)
	}
	flow = routing.Options{Refresh: time.Second, StaleMax: 5 * time.Minute, FirstLookup: 3 * time.Second, GoneAfter: 10 * time.Second, GoneRate: 100, PageWait: 10 * time.Second, RollTime: 15 * time.Second}
	if got := new(Options).Flow(); got != flow {
		t.Errorf("by default %+v, want %+v", got, flow)
	}
	if options.PodsKept() != 20000 || new(Options).PodsKept() != 10000 {
		t.Errorf("max_pods %v, and %v by default", options.PodsKept(), new(Options).PodsKept())
	}
	if options.RollTime != caddy.Duration(time.Minute) || options.SessionTime != caddy.Duration(2*time.Hour) {
		t.Errorf("roll_time %v, session_time %v", options.RollTime, options.SessionTime)
	}
	if options.DecisionHeader != "X-Why" {
		t.Errorf("decision_header %q", options.DecisionHeader)
	}
}

// Errors name the member and the rule but not the value, which might be a key in the wrong place.
func TestBadOptions(t *testing.T) {
	for config, want := range map[string]string{
		`{"refresh": "canary"}`:                                    "refresh: must be a duration",
		`{"refresh": "-1s"}`:                                       "refresh:",
		`{"gone_after": -1}`:                                       "gone_after:",
		`{"refresh": 0}`:                                           "refresh: must be a duration longer than 0s, such as 10s",
		`{"gone_after": "0s"}`:                                     "gone_after: must be a duration longer than 0s, such as 10s",
		`{"roll_time": "0s"}`:                                      "roll_time: must be a duration longer than 0s, such as 10s",
		`{"session_time": -1}`:                                     "session_time: must be a duration longer than 0s, such as 10s",
		`{"stale_max": null}`:                                      "stale_max: must be a duration longer than 0s, such as 10s",
		`{"first_lookup": "0s"}`:                                   "first_lookup: must be a duration longer than 0s, such as 10s",
		`{"dial_timeout": "-1s"}`:                                  "dial_timeout: must be a duration of 0s or longer, such as 10s",
		`{"decision_header": "canary: 1"}`:                         "decision_header: must be the name",
		`{"decision_header": 1}`:                                   "decision_header: must be the name",
		`{"drain_max": -1}`:                                        "drain_max: must be a duration of 0s or longer, such as 10s",
		`{"page_wait": -1}`:                                        "page_wait: must be a duration of 0s or longer, such as 10s",
		`{"page_wait": null}`:                                      "page_wait: must be a duration of 0s or longer, such as 10s",
		`{"max_pods": 0}`:                                          "max_pods: must be a whole number from 1 to 4294967295",
		`{"max_pods": 4294967296}`:                                 "max_pods: must be a whole number from 1 to 4294967295",
		`{"gone_rate": -1}`:                                        "gone_rate: must be a whole number",
		`{"gone_rate": "canary"}`:                                  "gone_rate: must be a whole number",
		`{"resolver": ["canary"]}`:                                 "resolver: must be an object",
		`{"resolver": {"canary": 1}}`:                              "resolver: must be an object",
		`{"resolver": {"addresses": ["a:1-2"]}}`:                   "resolver.addresses[0]:",
		`{"resolver": {"addresses": ["127.0.0.1",""]}}`:            "resolver.addresses[1]:",
		`{"resolver": {"addresses": ["unix/canarycanarycanary"]}}`: "resolver.addresses[0]: (a value of 23 characters)",
		`{"versions": {"ipv5": true}}`:                             "versions: must be an object",
		`{"versions": {"ipv4": false, "ipv6": false}}`:             `versions: must be an object {"ipv4": true, "ipv6": true} with one of them true`,
		`{"resolvers": ["canary"]}`:                                `unknown member "resolvers"; did you mean resolver? The members are: secret, cookie_name, upstreams, source, refresh, resolver, `,
		`{"canarycanarycanarycanary": 1}`:                          "unknown member (a value of 24 characters); the members are: secret",
	} {
		options, _, err := optionsFrom(t, config)
		if err == nil {
			_, err = options.lookups()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want an error with %q", config, err, want)
		}
	}
}

func TestVersions(t *testing.T) {
	for config, want := range map[string]string{
		`{}`:                                         "ip",
		`{"versions": null}`:                         "ip",
		`{"versions": {}}`:                           "ip",
		`{"versions": {"ipv4": true}}`:               "ip4",
		`{"versions": {"ipv4": false}}`:              "ip6",
		`{"versions": {"ipv6": true}}`:               "ip6",
		`{"versions": {"ipv6": false}}`:              "ip4",
		`{"versions": {"ipv4": true, "ipv6": true}}`: "ip",
	} {
		options, _, err := optionsFrom(t, config)
		if got := options.network(); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", config, got, err, want)
		}
	}
}
