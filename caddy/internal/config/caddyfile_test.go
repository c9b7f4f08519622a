package config

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

// documentedCaddyfile is the documented configuration with the secret filled in.
const documentedCaddyfile = `example.com {
    reverse_proxy {
        dynamic_upstreams doors_upstream {
            secret ` + caddytest.Secret + `
            cookie_name upstream
            upstream {
                pod_cidr 10.0.0.0/24
                host svc.namespace.svc.cluster.local
                upstream_port 8080
            }
        }
    }
}
`

// canonicalSource is the JSON of every spelling of it.
const canonicalSource = `{"cookie_name":"upstream","secret":"` + caddytest.Secret + `","source":"doors_upstream",` +
	`"upstreams":[{"cidr":"10.0.0.0/24","host":"svc.namespace.svc.cluster.local","port":8080}]}`

// handlerJSON returns the reverse_proxy handler of an adapted configuration.
func handlerJSON(t *testing.T, config string) map[string]json.RawMessage {
	t.Helper()
	start := strings.Index(config, `{"dynamic_upstreams"`)
	if start < 0 {
		t.Fatalf("no handler with dynamic upstreams in %s", config)
	}
	var handler map[string]json.RawMessage
	if err := json.NewDecoder(strings.NewReader(config[start:])).Decode(&handler); err != nil {
		t.Fatal(err)
	}
	return handler
}

func TestSpellingsAdaptToOneJSON(t *testing.T) {
	for name, caddyfile := range map[string]string{
		"documented":        documentedCaddyfile,
		"Caddy's own":       strings.Replace(documentedCaddyfile, "dynamic_upstreams", "dynamic", 1),
		"with a matcher":    strings.Replace(documentedCaddyfile, "reverse_proxy {", "reverse_proxy /* {", 1),
		"with other lines":  strings.Replace(documentedCaddyfile, "reverse_proxy {", "reverse_proxy {\n header_up X dynamic_upstreams\n header_up dynamic_upstreams doors_upstream", 1),
		"from a snippet":    "(proxy) {\n dynamic_upstreams doors_upstream {\n secret " + caddytest.Secret + "\n cookie_name upstream\n upstream {\n pod_cidr 10.0.0.0/24\n host svc.namespace.svc.cluster.local\n upstream_port 8080\n }\n }\n}\nexample.com {\n reverse_proxy {\n import proxy\n }\n}\n",
		"in a named route":  "&(app) {\n" + strings.TrimSuffix(strings.TrimPrefix(documentedCaddyfile, "example.com {"), "}\n") + "}\nexample.com {\n invoke app\n}\n",
		"in nested handles": strings.Replace(strings.Replace(documentedCaddyfile, "reverse_proxy", "handle {\n reverse_proxy", 1), "\n}\n", "\n}\n}\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			adapted, err := caddytest.Adapt(caddyfile)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(handlerJSON(t, adapted)["dynamic_upstreams"]); got != canonicalSource {
				t.Errorf("adapts to\n%s\nwant\n%s", got, canonicalSource)
			}
		})
	}
}

func TestSeveralValuesAdapt(t *testing.T) {
	other := "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
	caddyfile := strings.Replace(documentedCaddyfile, "secret ", "secret "+other+" ", 1)
	caddyfile = strings.Replace(caddyfile, "10.0.0.0/24", "10.0.0.0/24 fd00::/64", 1)
	caddyfile = strings.Replace(caddyfile, "host ", "host 127.0.1.1 ", 1)
	adapted, err := caddytest.Adapt(caddyfile)
	if err != nil {
		t.Fatal(err)
	}
	got := string(handlerJSON(t, adapted)["dynamic_upstreams"])
	for _, want := range []string{`"secret":"` + other + " " + caddytest.Secret + `"`, `"cidrs":["10.0.0.0/24","fd00::/64"]`, `"hosts":["127.0.1.1","svc.namespace.svc.cluster.local"]`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

// block returns a Caddyfile whose source has the given options, the first of them on line 4.
func block(options string) string {
	return "http://127.0.0.1:1 {\n\treverse_proxy {\n\t\tdynamic_upstreams doors_upstream {\n" + options + "\n\t\t}\n\t}\n}\n"
}

func TestCaddyfileErrors(t *testing.T) {
	const upstream = "upstream {\npod_cidr 10.0.0.0/24\nhost a\nupstream_port 80\n}"
	const secret = "secret " + caddytest.Secret + "\n"
	tests := []struct {
		name, caddyfile string
		want            []string
	}{
		{"unknown option", block("secrt x"), []string{"Caddyfile:4", `"secrt" in doors_upstream; did you mean secret? The options are: secret, cookie_name, upstream, refresh`}},
		{"unknown option of an upstream", block("upstream {\ncidr 10.0.0.0/24\n}"), []string{"Caddyfile:5", `"cidr" in upstream; did you mean pod_cidr? The options are: pod_cidr, host, upstream_port`}},
		{"repeated secret", block(secret + secret), []string{"Caddyfile:5", "secret", "twice"}},
		{"repeated cookie_name", block("cookie_name a\ncookie_name a"), []string{"Caddyfile:5", "cookie_name", "twice"}},
		{"repeated host", block("upstream {\nhost a\nhost b\n}"), []string{"Caddyfile:6", "host", "twice"}},
		{"no secret", block("secret"), []string{"Caddyfile:4", "missing argument", "secret"}},
		{"no port", block("upstream {\nupstream_port\n}"), []string{"Caddyfile:5", "missing argument", "upstream_port"}},
		{"two names", block("cookie_name a b"), []string{"Caddyfile:4", "unexpected argument", `"b"`}},
		{"one host twice", block("upstream {\nhost a 10.0.0.1 A\n}"), []string{"Caddyfile:5", "host", `"A" is listed twice`}},
		{"a second host wrong", block("upstream {\nhost a b:80\n}"), []string{"Caddyfile:5", "host", `"b:80"`}},
		{"two ports", block("upstream {\nupstream_port 80 81\n}"), []string{"Caddyfile:5", "unexpected argument", `"81"`}},
		{"an argument of upstream", block("upstream a {\n}"), []string{"Caddyfile:4", "unexpected argument", `"a"`}},
		{"an argument of the source", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic_upstreams doors_upstream a {\n}\n}\n}\n", []string{"Caddyfile:3", "unexpected argument", `"a"`}},
		{"a block after an option", block("cookie_name a {\nb\n}"), []string{"Caddyfile:", "cookie_name", "block"}},
		{"bad secret", block("secret c2hvcnQ="), []string{"Caddyfile:4", "secret"}},
		{"one secret twice", block("secret " + caddytest.Secret + " " + caddytest.Secret + "\n" + upstream), []string{"Caddyfile:4", "secret", "key 1 is the same as key 0"}},
		{"bad cookie name", block("cookie_name a;b"), []string{"Caddyfile:4", "cookie_name", "a;b"}},
		{"bad CIDR", block("upstream {\npod_cidr 10.0.0.1/24\n}"), []string{"Caddyfile:5", "10.0.0.1/24", "10.0.0.0/24"}},
		{"bad CIDR on a second line", block("upstream {\npod_cidr 10.0.0.0/24 \\\n10.0.1.0\n}"), []string{"Caddyfile:5", "10.0.1.0"}},
		{"bad host", block("upstream {\nhost http://a\n}"), []string{"Caddyfile:5", "host", "http://a"}},
		{"bad port", block("upstream {\nupstream_port 65536\n}"), []string{"Caddyfile:5", "port", "65536"}},
		{"no secret at all", block(upstream), []string{"Caddyfile:3", "option secret is required in doors_upstream"}},
		{"no upstream", block(secret), []string{"Caddyfile:3", "option upstream is required in doors_upstream"}},
		{"no option at all", block(""), []string{"Caddyfile:3", "option secret is required"}},
		{"no block", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic_upstreams doors_upstream\n}\n}\n", []string{"Caddyfile:3", "option secret is required"}},
		{"no host, and the rest not known yet", block("secret {env.A}\nupstream {\npod_cidr {env.B}\nupstream_port {env.C}\n}"), []string{"Caddyfile:5", "option host is required"}},
		{"no host", block(secret + "upstream {\npod_cidr 10.0.0.0/24\nupstream_port 80\n}"), []string{"Caddyfile:5", "option host is required in upstream"}},
		{"no CIDR", block(secret + "upstream {\nhost a\nupstream_port 80\n}"), []string{"Caddyfile:5", "option pod_cidr is required in upstream"}},
		{"no port at all", block(secret + "upstream {\nhost a\npod_cidr 10.0.0.0/24\n}"), []string{"Caddyfile:5", "option upstream_port is required in upstream"}},
		{"several upstreams without a cookie", block(secret + upstream + "\nupstream {\npod_cidr 10.0.1.0/24\nhost b\nupstream_port 80\n}"), []string{"Caddyfile:3", "option cookie_name is required", "more than one upstream"}},
		{"several upstreams without a cookie, the secret not known yet", block("secret {env.A}\n" + upstream + "\nupstream {\npod_cidr 10.0.1.0/24\nhost b\nupstream_port 80\n}"), []string{"Caddyfile:3", "option cookie_name is required"}},
		{"bad refresh", block("refresh soon"), []string{"Caddyfile:4", "refresh", `"soon"`, "duration"}},
		{"negative refresh", block("refresh -1s"), []string{"Caddyfile:4", "refresh", `"-1s"`, "duration"}},
		{"no time at all to refresh", block("refresh 0"), []string{"Caddyfile:4", "refresh", `"0"`, "longer than 0s"}},
		{"gone at once", block("gone_after 0s"), []string{"Caddyfile:4", "gone_after", `"0s"`, "longer than 0s"}},
		{"always stale", block("stale_max 0s"), []string{"Caddyfile:4", "stale_max", `"0s"`, "longer than 0s"}},
		{"no first lookup", block("first_lookup 0s"), []string{"Caddyfile:4", "first_lookup", `"0s"`, "longer than 0s"}},
		{"negative dial_timeout", block("dial_timeout -1s"), []string{"Caddyfile:4", "dial_timeout", `"-1s"`, "0s or longer"}},
		{"no refresh", block("refresh"), []string{"Caddyfile:4", "missing argument", "refresh"}},
		{"bad resolver", block("resolvers 127.0.0.1:53 unix//x"), []string{"Caddyfile:4", "resolvers", `"unix//x"`, "name server"}},
		{"bad version", block("versions ipv4 ipv5"), []string{"Caddyfile:4", "versions", `"ipv5"`, "ipv6"}},
		{"no page wait", block("page_wait -1s"), []string{"Caddyfile:4", "page_wait", `"-1s"`, "0s or longer"}},
		{"no roll", block("roll_time 0s"), []string{"Caddyfile:4", "roll_time", `"0s"`, "longer than 0s"}},
		{"no session", block("session_time -40m"), []string{"Caddyfile:4", "session_time", `"-40m"`, "longer than 0s"}},
		{"no pods", block("max_pods 0"), []string{"Caddyfile:4", "max_pods", `"0"`, "from 1 to 4294967295"}},
		{"bad rate", block("gone_rate many"), []string{"Caddyfile:4", "gone_rate", `"many"`, "whole number"}},
		{"repeated gone_after", block("gone_after 1s\ngone_after 2s"), []string{"Caddyfile:5", "gone_after", "twice"}},
		{"one network twice", block(secret + "cookie_name a\n" + upstream + "\nupstream {\nhost b\nupstream_port 80\npod_cidr 10.1.0.0/24 ::ffff:10.0.0.0/120\n}"),
			[]string{"Caddyfile:14", "pod_cidr: ::ffff:10.0.0.0/120 is the same network as 10.0.0.0/24 at Caddyfile:7"}},
		{"one network twice beside a placeholder", block("secret {env.KEY}\n" + "upstream {\nhost b\nupstream_port {env.PORT}\npod_cidr 10.0.0.0/24 {env.CIDR} 10.0.0.0/24\n}"),
			[]string{"Caddyfile:8", "pod_cidr: 10.0.0.0/24 is the same network as 10.0.0.0/24 at Caddyfile:8"}},
		{"second key wrong", block("secret " + caddytest.Secret + " c2hvcnQ="), []string{"Caddyfile:4", "secret: key 1 has 5 bytes"}},
		{"the documentation's secret", block("secret <base64-aes-key>"), []string{"Caddyfile:4", "secret: key 0 is a placeholder from the documentation", "openssl rand -base64 32"}},
		{"almost our source", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic_upstreams doors_upstreamz {\n}\n}\n}\n", []string{"Caddyfile:3", `"doors_upstreamz"`, "did you mean doors_upstream?"}},
		{"almost our source, Caddy's spelling", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic Doors {\n}\n}\n}\n", []string{"Caddyfile:3", `"Doors"`, "did you mean doors_upstream?"}},
		{"another source in our spelling", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic_upstreams srv example.com\n}\n}\n", []string{"Caddyfile:3", "write dynamic srv"}},
		{"no source", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic_upstreams\n}\n}\n", []string{"Caddyfile:3", "write dynamic_upstreams doors_upstream"}},
		{"no source but a block", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic_upstreams {\n}\n}\n}\n", []string{"Caddyfile:3", "write dynamic_upstreams doors_upstream"}},
		{"outside reverse_proxy", "http://127.0.0.1:1 {\ndynamic_upstreams doors_upstream {\n}\n}\n", []string{"Caddyfile:2", "dynamic_upstreams is not a directive", "reverse_proxy { dynamic_upstreams doors_upstream"}},
		{"outside reverse_proxy, in a handle", "http://127.0.0.1:1 {\nhandle {\ndoors_upstream {\n}\n}\n}\n", []string{"Caddyfile:3", "doors_upstream is not a directive", "reverse_proxy { dynamic_upstreams doors_upstream"}},
		{"two sources", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic a x 80\ndynamic_upstreams doors_upstream {\n}\n}\n}\n", []string{"Caddyfile:4", "must be the only source"}},
		{"our source twice", "http://127.0.0.1:1 {\nreverse_proxy {\ndynamic doors_upstream {\n}\ndynamic_upstreams doors_upstream {\n}\n}\n}\n", []string{"Caddyfile:5", "must be the only source"}},
		{"static upstream", "http://127.0.0.1:1 {\nreverse_proxy 127.0.0.1:80 {\ndynamic_upstreams doors_upstream {\n}\n}\n}\n", []string{"Caddyfile:2", "127.0.0.1:80", "cannot be combined with doors_upstream"}},
		{"static upstream after a matcher", "http://127.0.0.1:1 {\nreverse_proxy /x 127.0.0.1:80 {\ndynamic_upstreams doors_upstream {\n}\n}\n}\n", []string{"Caddyfile:2", "127.0.0.1:80", "cannot be combined with doors_upstream"}},
		{"to", "http://127.0.0.1:1 {\nreverse_proxy {\nto 127.0.0.1:80\ndynamic doors_upstream {\n}\n}\n}\n", []string{"Caddyfile:3", "to", "cannot be combined with doors_upstream"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := caddytest.Adapt(test.caddyfile)
			if err == nil {
				t.Fatal("adapts")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), caddytest.Secret) || strings.Contains(err.Error(), "c2hvcnQ=") {
				t.Errorf("error shows the secret: %v", err)
			}
		})
	}
}

func TestOptionsAdapt(t *testing.T) {
	options := "refresh 2s\nresolvers 127.0.0.1:5353 tcp/127.0.0.1\ndial_timeout 1s\ndial_fallback_delay -1s\nversions ipv4\nstale_max 1m\nfirst_lookup 7s\ngone_after 5s\ngone_rate 0\npage_wait 0\nmax_pods 20000\nroll_time 1m\nsession_time 2h\n"
	adapted, err := caddytest.Adapt(block("secret " + caddytest.Secret + "\nupstream {\npod_cidr 10.0.0.0/24\nhost a\nupstream_port 80\n}\n" + options))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"dial_fallback_delay":-1000000000,"dial_timeout":1000000000,"first_lookup":7000000000,"gone_after":5000000000,"gone_rate":0,"max_pods":20000,"page_wait":0,"refresh":2000000000,` +
		`"resolver":{"addresses":["127.0.0.1:5353","tcp/127.0.0.1"]},"roll_time":60000000000,"secret":"` + caddytest.Secret + `","session_time":7200000000000,"source":"doors_upstream","stale_max":60000000000,` +
		`"upstreams":[{"cidr":"10.0.0.0/24","host":"a","port":80}],"versions":{"ipv4":true}}`
	if got := string(handlerJSON(t, adapted)["dynamic_upstreams"]); got != want {
		t.Errorf("adapts to\n%s\nwant\n%s", got, want)
	}
}

// Values with placeholders are not checked before the configuration is loaded.
func TestPlaceholdersAdapt(t *testing.T) {
	caddyfile := block("secret {env.DOORS_SECRET}\nupstream {\npod_cidr {env.POD_CIDR}\nhost {env.HOST}\nupstream_port {env.PORT}\n}")
	adapted, err := caddytest.Adapt(caddyfile)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"secret":"{env.DOORS_SECRET}","source":"doors_upstream","upstreams":[{"cidr":"{env.POD_CIDR}","host":"{env.HOST}","port":"{env.PORT}"}]}`
	if got := string(handlerJSON(t, adapted)["dynamic_upstreams"]); got != want {
		t.Errorf("adapts to %s, want %s", got, want)
	}
}
