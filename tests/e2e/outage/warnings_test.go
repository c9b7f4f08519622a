package outage_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// startOneSite runs a Caddyfile with one site and without names of the harness, so that each log
// line comes from one handler.
func startOneSite(t *testing.T, caddyfile string, port int) *Caddy {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(path, []byte(caddyfile), 0o600); err != nil {
		t.Fatal(err)
	}
	return StartCommand(t, Default, port, "run", "--config", path, "--adapter", "caddyfile")
}

// When Caddy starts, each option that would break pages is logged once, with the reason.
func TestWarnings(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9") // does not apply to addresses of this machine, but does to app.test
	t.Setenv("NO_PROXY", "")
	port := Port(t, "127.0.0.1")
	caddy := startOneSite(t, fmt.Sprintf(`{
	admin off
	grace_period 10s
	servers {
		timeouts {
			read_body 20s
			write 24s
			read_body_idle 3s
			write_idle 3s
		}
	}
}

http://127.0.0.1:%d {
	timeouts {
		read_timeout 3s
		write_timeout 3s
	}
	intercept {
		@failed status 4xx 5xx
		replace_status @failed 404
	}
	header >Cache-Control public
	reverse_proxy {
		dynamic_upstreams doors_upstream {
			secret %s
			cookie_name upstream
			upstream {
				pod_cidr 127.0.1.0/24 10.0.0.0/8
				host app.test
				upstream_port 9
			}
			upstream {
				pod_cidr 169.254.0.0/16 fe80::/64
				host app.test
				upstream_port 9
			}
			upstream {
				pod_cidr 0.0.0.0/0 ::/0
				host app.test
				upstream_port 9
			}
		}
		lb_policy weighted_round_robin 1 2
		health_uri /healthy
		request_buffers 1MiB
		response_buffers 1MiB
		transport http {
			response_header_timeout 10s
			read_timeout 11s
			write_timeout 12s
			resolvers 127.0.0.1:53
			max_conns_per_host 5
		}
	}
}
`, port, NewSecret(32)), port)
	caddy.Output.Wait(t, "serving initial configuration", Patience)
	options := map[string]string{
		"transport http: response_header_timeout": "silent for 20s",
		"transport http: read_timeout":            "silent for 20s",
		"transport http: write_timeout":           "silent for 20s",
		"server srv0: read_timeout":               "silent for 20s",
		"server srv0: write_timeout":              "silent for 20s",
		"server srv0: read_idle_timeout":          "silent for 20s",
		"server srv0: write_idle_timeout":         "silent for 20s",
		"handler timeouts: read_timeout":          "silent for 20s",
		"handler timeouts: write_timeout":         "silent for 20s",
		"grace_period":                            "set it to 30s or more",
		"request_buffers":                         "reports are one long streamed body",
		"response_buffers":                        "updates are one long streamed response",
		"HTTP_PROXY":                              "forward proxy",
		"health_uri":                              "do not apply to dynamic upstreams",
		"lb_policy weighted_round_robin":          "pods come and go",
		"transport http: resolvers":               "does not apply to `host`",
		"transport http: max_conns_per_host":      "each open page uses a connection",
	}
	for option, reason := range options {
		if lines := logged(caddy, `"level":"warn"`, `"option":"`+option+`"`, reason); lines != 1 {
			t.Errorf("%d warnings about %s because of %q", lines, option, reason)
		}
	}
	for reason, option := range map[string]string{"the 410 response": "handler intercept", "the 503 response": "handler intercept", "changes Cache-Control": "handler header"} {
		if lines := logged(caddy, `"level":"warn"`, `"option":"`+option+`"`, reason); lines != 1 {
			t.Errorf("%d warnings about %s because of %q", lines, option, reason)
		}
	}
	if lines := logged(caddy, `"option":`); lines != len(options)+3 {
		t.Errorf("%d warnings, of which %d are known", lines, len(options)+3)
	}
	networks := map[string]string{
		"169.254.0.0/16": "link-local", "fe80::/64": "link-local", "0.0.0.0/0": "every address", "::/0": "every address",
	}
	for network, reason := range networks {
		if lines := logged(caddy, `"level":"warn"`, "upstreams[", network, reason); lines != 1 {
			t.Errorf("%d warnings about %s because of %q", lines, network, reason)
		}
	}
	for _, network := range []string{"10.0.0.0/8", "127.0.1.0/24"} {
		if lines := logged(caddy, network); lines != 0 {
			t.Errorf("%d lines about an ordinary network, %s", lines, network)
		}
	}
}

// The documented configuration causes no warnings, and neither do timeouts that are long enough.
func TestNoWarnings(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][2]string{
		"documented": {"", ""},
		"long enough": {
			"\tgrace_period 30s\n\tservers {\n\t\ttimeouts {\n\t\t\tread_body 25s\n\t\t\twrite 1m\n\t\t\tread_header 5s\n\t\t\tidle 5s\n\t\t}\n\t}\n",
			"transport http {\n\tresponse_header_timeout 25s\n\tread_timeout 25s\n\twrite_timeout 1m\n\tdial_timeout 1s\n}\nlb_policy round_robin\n",
		},
	} {
		port := Port(t, "127.0.0.1")
		source := Caddyfile("dynamic_upstreams", NewSecret(32), "upstream", []Upstream{{CIDR: "10.0.0.0/24", Host: "svc.namespace.svc.cluster.local", Port: 8080}}, more[1])
		caddy := startOneSite(t, fmt.Sprintf("{\n\tadmin off\n%s}\n\nhttp://127.0.0.1:%d {\n%s\n}\n", more[0], port, Indent(source)), port)
		caddy.Output.Wait(t, "serving initial configuration", Patience)
		if lines := logged(caddy, "doors_upstream", `"level":"warn"`); lines != 0 {
			t.Errorf("%s: %d warnings in\n%s", name, lines, caddy.Output)
		}
	}
}

// A secret in the configuration itself is reported once, however many sites have it, and not shown.
func TestLiteralSecret(t *testing.T) {
	t.Parallel()
	secret := NewSecret(32)
	t.Run("literal", func(t *testing.T) { testNotice(t, secret, secret, 1) })
	t.Run("placeholder", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		testNotice(t, "{file."+path+"}", secret, 0)
	})
}

func testNotice(t *testing.T, inConfig, secret string, want int) {
	port := Port(t, "127.0.0.1")
	source := Caddyfile("dynamic_upstreams", inConfig, "", []Upstream{{CIDR: "10.0.0.0/24", Host: "127.0.1.1", Port: 8080}}, "")
	text := "{\n\tadmin off\n}\n"
	for _, at := range []int{port, Port(t, "127.0.0.1")} {
		text += fmt.Sprintf("\nhttp://127.0.0.1:%d {\n%s\n}\n", at, Indent(source))
	}
	caddy := startOneSite(t, text, port)
	caddy.Output.Wait(t, "serving initial configuration", Patience)
	if lines := logged(caddy, `"level":"info"`, message("secret is in plain text")); lines != want {
		t.Errorf("%d notices in\n%s", lines, caddy.Output)
	}
	if strings.Contains(caddy.Output.String(), secret) {
		t.Error("the secret is in the log")
	}
}

// A configuration with which Caddy would proxy to itself is an error, at the start and later.
func TestNotItself(t *testing.T) {
	t.Parallel()
	places := NewPlaces(t)
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	resolve(dns, app, podA)
	itself := func(port int) Config {
		return Config{Places: places, Handlers: site(dns, cluster.Secret, []Upstream{cluster.Upstream("127.0.1.0/24", app), {CIDR: "127.0.0.0/24", Host: app, Port: port}}, "", "")}
	}
	for _, port := range []int{places.HTTP, places.HTTPS} {
		output := StartFails(t, Options{Config: itself(port)})
		for _, part := range []string{"upstreams[1]", "proxy to itself", fmt.Sprint(port)} {
			if !strings.Contains(output, part) {
				t.Errorf("no %q in\n%s", part, output)
			}
		}
	}
	caddy := Start(t, Options{Config: itself(cluster.Port)})
	status, message := caddy.Load(itself(places.HTTP))
	if status != http.StatusBadRequest || !strings.Contains(message, "proxy to itself") {
		t.Errorf("loaded: status %d, %s", status, message)
	}
	if answer := caddy.NewClient(t, H2).Get("/"); answer.Status != http.StatusOK {
		t.Errorf("after a configuration was refused: status %d", answer.Status)
	}
}
