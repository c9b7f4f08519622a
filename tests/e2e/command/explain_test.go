package command_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// twoServers has its secret in the environment, and a log on standard output.
const twoServers = `{
	admin off
	log {
		output stdout
	}
}

http://127.0.0.1:9 {
	handle_path /blog/* {
		respond "no proxy here"
	}
	route /app* {
		reverse_proxy {
			dynamic_upstreams doors_upstream {
				secret {env.DOORS_SECRET}
				cookie_name upstream
				upstream {
					pod_cidr 127.0.1.0/24 fd00::/64
					host blue.test
					upstream_port 8080
				}
				upstream {
					pod_cidr 127.0.2.0/24
					host green.test
					upstream_port {env.GREEN_PORT}
				}
			}
		}
	}
}
`

// explanation is the part of the documented JSON that is tested.
type explanation struct {
	Source                    int
	Place                     string
	Decision, Reason, Path    string
	Key, Upstream             *int
	KeyID                     string `json:"key_id"`
	Address, CIDR, Host, Dial string
	Status                    int
	Steps                     []string
}

// One case for each row of the decision table, with a configuration as users write it.
func TestExplain(t *testing.T) {
	t.Parallel()
	secret, foreign := NewSecret(32)+" "+NewSecret(16), NewSecret(32)
	old := strings.Fields(secret)[1]
	zero, one := 0, 1
	for name, row := range map[string]struct {
		path, cookie string
		want         explanation
	}{
		"pod":             {"/~/" + Token(t, secret, "127.0.1.7") + "/s/x", "", explanation{Decision: "pod", Key: &zero, Upstream: &zero, Dial: "127.0.1.7:8080"}},
		"pod by old key":  {"/~/" + Token(t, old, "127.0.2.7") + "/h/x", "", explanation{Decision: "pod", Key: &one, Upstream: &one, Dial: "127.0.2.7:9090"}},
		"forged":          {"/~/" + Token(t, foreign, "127.0.1.7") + "/s/x", "", explanation{Decision: "gone", Status: 410}},
		"in no network":   {"/~/" + Token(t, secret, "127.0.3.7") + "/s/x", "", explanation{Decision: "gone", Key: &zero, Status: 410}},
		"cookie":          {"/", "a=b; upstream=" + Token(t, secret, "127.0.2.7"), explanation{Decision: "upstream", Key: &zero, Upstream: &one}},
		"no cookie":       {"/", "", explanation{Decision: "any"}},
		"unusable cookie": {"/", "upstream=" + Token(t, foreign, "127.0.2.7"), explanation{Decision: "any"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := Command{
				Files: map[string]string{"Caddyfile": twoServers}, Env: []string{"DOORS_SECRET=" + secret, "GREEN_PORT=9090"},
				Arguments: []string{"doors", "explain", "--path", row.path, "--cookie", row.cookie, "--json"},
			}
			result := command.Run(t)
			var got []explanation
			if err := json.Unmarshal([]byte(result.Stdout), &got); err != nil || result.Code != 0 || len(got) != 1 {
				t.Fatalf("%v: %+v", err, result)
			}
			e := got[0]
			same := func(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }
			if e.Decision != row.want.Decision || e.Dial != row.want.Dial || e.Status != row.want.Status || !same(e.Key, row.want.Key) || !same(e.Upstream, row.want.Upstream) {
				t.Errorf("%s", result.Stdout)
			}
			if !strings.HasPrefix(e.Place, "apps.http.servers.srv0.routes[") || len(e.Steps) < 3 || (e.Key != nil) != regexp.MustCompile("^[0-9a-f]{8}$").MatchString(e.KeyID) {
				t.Errorf("%s", result.Stdout)
			}
			for _, hidden := range append(strings.Fields(secret), strings.TrimPrefix(row.cookie, "a=b; upstream="), strings.Split(row.path, "/")[min(2, strings.Count(row.path, "/"))]) {
				if len(hidden) > 20 && strings.Contains(result.Stdout+result.Stderr, hidden) {
					t.Errorf("%s is repeated", hidden)
				}
			}
			command.Arguments = command.Arguments[:len(command.Arguments)-1]
			words := command.Run(t)
			if words.Code != 0 || !strings.HasPrefix(words.Stdout, "source 0, "+e.Place+"\n  1. "+e.Steps[0]+"\n  2. "+e.Steps[1]+"\n") {
				t.Errorf("%+v", words)
			}
		})
	}
}

// A faulty configuration is an error and not an explanation.
func TestExplainCannot(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]Command{
		"no file":        {Arguments: []string{"doors", "explain", "--path", "/", "--config", "missing"}},
		"no Caddyfile":   {Arguments: []string{"doors", "explain", "--path", "/"}},
		"no secret":      {Arguments: []string{"doors", "explain", "--path", "/"}, Files: map[string]string{"Caddyfile": twoServers}, Env: []string{"DOORS_SECRET="}},
		"no source":      {Arguments: []string{"doors", "explain", "--path", "/"}, Files: map[string]string{"Caddyfile": "http://127.0.0.1:9 {\n\trespond ok\n}\n"}},
		"syntax":         {Arguments: []string{"doors", "explain", "--path", "/"}, Files: map[string]string{"Caddyfile": "http://127.0.0.1:9 {"}},
		"unknown option": {Arguments: []string{"doors", "explain", "--pth", "/"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if result := command.Run(t); result.Code != 2 || result.Stdout != "" || strings.Count(result.Stderr, "Error: ") != 1 {
				t.Errorf("%+v", result)
			}
		})
	}
}
