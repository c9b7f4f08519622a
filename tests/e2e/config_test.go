package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// documentedCaddyfile is the documented configuration, with SECRET for the key.
const documentedCaddyfile = `example.com {
    reverse_proxy {
        dynamic_upstreams doors_upstream {
            secret SECRET
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

// documentedJSON is the JSON of its handler.
const documentedJSON = `{"handler": "reverse_proxy",
 "upstreams": {"source": "doors_upstream", "secret": "SECRET", "cookie_name": "upstream",
               "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.namespace.svc.cluster.local", "port": 8080}]}}`

// inServer puts the JSON of a handler into a configuration that listens nowhere until it runs.
func inServer(handler string) string {
	return `{"admin": {"disabled": true}, "apps": {"http": {"servers": {"site": {"listen": ["127.0.0.1:0"], "routes": [{"handle": [` + handler + `]}]}}}}}`
}

// validate runs `caddy validate`.
func validate(t *testing.T, name, text string) {
	t.Helper()
	arguments := []string{"validate", "--config", name}
	if name == "Caddyfile" {
		arguments = append(arguments, "--adapter", "caddyfile")
	}
	if _, stderr, ok := Run(t, Default, map[string]string{name: text}, arguments...); !ok {
		t.Errorf("%s is not valid:\n%s\n%s", name, text, stderr)
	}
}

func TestDocumentedConfigIsValid(t *testing.T) {
	secret := NewSecret(32)
	caddyfile := strings.ReplaceAll(documentedCaddyfile, "SECRET", secret)
	validate(t, "Caddyfile", caddyfile)
	validate(t, "Caddyfile", strings.Replace(caddyfile, "dynamic_upstreams", "dynamic", 1))
	handler := strings.ReplaceAll(documentedJSON, "SECRET", secret)
	validate(t, "caddy.json", inServer(handler))
	validate(t, "caddy.json", inServer(strings.Replace(handler, `"upstreams"`, `"dynamic_upstreams"`, 1)))

	// Both spellings of the Caddyfile become the same JSON, which is valid.
	adapted, messages, ok := Adapt(t, Default, caddyfile)
	if !ok {
		t.Fatal(messages)
	}
	other, messages, ok := Adapt(t, Default, strings.Replace(caddyfile, "dynamic_upstreams", "dynamic", 1))
	if !ok {
		t.Fatal(messages)
	}
	if adapted != other {
		t.Errorf("two spellings, two results:\n%s\n%s", adapted, other)
	}
	if again := regexp.MustCompile(`"dynamic_upstreams":\{[^}]*"source":"doors_upstream"`); !again.MatchString(adapted) {
		t.Errorf("no canonical source in\n%s", adapted)
	}
	validate(t, "caddy.json", adapted)
}

// Errors name file and line and say what is allowed, and a running Caddy keeps its configuration.
func TestBadConfigKeepsTheOld(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podC)
	good := Config{Handlers: doorsSite(cluster, "")}
	caddy := Start(t, Options{Config: good})
	client := caddy.NewClient(t, H1)
	path := "/~/" + cluster.Token(podA) + "/r/unknown"
	before := config(caddy)
	line := func(text string) string {
		return fmt.Sprint(":", strings.Count(textBefore(good, caddy, text), "\n")+1)
	}
	const canary = "canary+canary+canary" // 15 bytes: not a key
	for _, mistake := range []struct {
		name, old, new string
		want           []string
	}{
		{"unknown option", "cookie_name upstream", "cookie upstream", []string{"cookie_name", "secret", "upstream"}},
		{"repeated option", "cookie_name upstream", "cookie_name a\ncookie_name b", []string{"cookie_name"}},
		{"missing argument", "cookie_name upstream", "cookie_name", []string{"cookie_name"}},
		{"unexpected argument", "cookie_name upstream", "cookie_name a b", []string{"cookie_name"}},
		{"bad secret", cluster.Secret, canary, []string{"secret"}},
		{"bad CIDR", "127.0.1.0/24", "127.0.1.1/24", []string{"127.0.1.1/24", "127.0.1.0/24"}},
		{"bad host", "host 127.0.1.1", "host a/b", []string{"a/b"}},
		{"bad port", "upstream_port ", "upstream_port 9", []string{"upstream_port", "65535"}},
		{"bad cookie name", "cookie_name upstream", "cookie_name a=b", []string{"a=b"}},
		{"unknown option of an upstream", "host 127.0.1.1", "hots 127.0.1.1", []string{"hots", "pod_cidr", "host", "upstream_port"}},
	} {
		t.Run(mistake.name, func(t *testing.T) {
			bad := Config{Handlers: strings.Replace(good.Handlers, mistake.old, mistake.new, 1)}
			status, message := caddy.Load(bad)
			if status != http.StatusBadRequest {
				t.Fatalf("status %d: %s", status, message)
			}
			for _, want := range mistake.want {
				if !strings.Contains(message, want) {
					t.Errorf("%s\nlacks %q", message, want)
				}
			}
			if !strings.Contains(message, "Caddyfile"+line(mistake.old)) && mistake.name != "repeated option" {
				t.Errorf("%s\nlacks the line%s", message, line(mistake.old))
			}
			checkNo(t, "the message", message, cluster.Secret, canary)
			if answer := client.Get(path); answer.Status != http.StatusNotFound || answer.Header.Get("Via") == "" {
				t.Errorf("after it: status %d", answer.Status)
			}
		})
	}
	withTransport := func(transport string) string {
		return strings.Replace(JSON("upstreams", cluster.Secret, "upstream", twoServers(cluster)), `"handler"`, `"transport": `+transport+`, "handler"`, 1)
	}
	for name, handler := range map[string]string{
		"a transport that is a text":   withTransport(`"http"`),
		"a transport that is a list":   withTransport(`[1]`),
		"a transport whose tls is not": withTransport(`{"protocol": "http", "tls": 5}`),
		"not with HTTP/3":              withTransport(`{"protocol": "http", "versions": ["3"], "tls": {}}`),
		"unknown member":               strings.Replace(JSON("upstreams", cluster.Secret, "upstream", twoServers(cluster)), `"cookie_name"`, `"cookie"`, 1),
		"no CIDR":                      strings.Replace(JSON("upstreams", cluster.Secret, "upstream", twoServers(cluster)), `"cidr"`, `"x"`, 1),
		"two sources":                  strings.Replace(JSON("upstreams", cluster.Secret, "upstream", twoServers(cluster)), `"handler"`, `"dynamic_upstreams": {"source": "a"}, "handler"`, 1),
		"secret in a wrong place":      strings.Replace(JSON("upstreams", cluster.Secret, "upstream", twoServers(cluster)), `"cookie_name": "upstream"`, `"cookie_name": "`+canary+`;"`, 1),
		"several, no cookie":           JSON("upstreams", cluster.Secret, "", twoServers(cluster)),
		"not under multi":              `{"handler": "reverse_proxy", "dynamic_upstreams": {"source": "multi", "sources": [{"source": "doors_upstream", "secret": "` + cluster.Secret + `", "upstreams": [{"cidr": "10.0.0.0/8", "host": "a", "port": 1}]}]}}`,
		"not with FastCGI":             strings.Replace(JSON("upstreams", cluster.Secret, "upstream", twoServers(cluster)), `"handler"`, `"transport": {"protocol": "fastcgi"}, "handler"`, 1),
		"not beside upstreams":         strings.Replace(JSON("dynamic_upstreams", cluster.Secret, "upstream", twoServers(cluster)), `"handler"`, `"upstreams": [{"dial": "127.0.0.1:1"}], "handler"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			status, message := caddy.Load(Config{JSON: handler})
			if status != http.StatusBadRequest {
				t.Fatalf("status %d: %s", status, message)
			}
			checkNo(t, "the message", message, cluster.Secret)
			if answer := client.Get(path); answer.Status != http.StatusNotFound || answer.Header.Get("Via") == "" {
				t.Errorf("after it: status %d", answer.Status)
			}
		})
	}
	if after := config(caddy); after != before {
		t.Errorf("the configuration has changed:\n%s\n%s", before, after)
	}
	if message := StartFails(t, Options{Config: Config{JSON: withTransport(`"http"`)}}); strings.Contains(message, "goroutine ") || !strings.Contains(message, "transport: must be an object") {
		t.Errorf("%s", message)
	}
	if message := StartFails(t, Options{Config: Config{Handlers: strings.Replace(good.Handlers, "secret ", "secret x", 1)}}); !strings.Contains(message, "secret") {
		t.Errorf("%s", message)
	}
}

// textBefore returns the Caddyfile up to the first occurrence of a text.
func textBefore(config Config, caddy *Caddy, text string) string {
	head, _, _ := strings.Cut(caddy.Text(config), text)
	return head
}

// config returns the configuration that the admin API shows.
func config(caddy *Caddy) string {
	_, text := caddy.Admin("GET", "/config/", "", nil)
	return text
}

// checkNo fails if a text contains a secret.
func checkNo(t *testing.T, where, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows %s", where, secret)
		}
	}
}

// Values from the environment and from files work in every option, and a key from there is shown
// nowhere.
func TestPlaceholders(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	old := NewSecret(16)
	block := func(secret string) Config {
		return Config{Global: "debug", Handlers: "reverse_proxy {\n\tdynamic_upstreams doors_upstream {\n\t\tsecret " + secret + `
		cookie_name {env.COOKIE}
		upstream {
			pod_cidr {env.POD_CIDR}
			host {env.POD_HOST}
			upstream_port {env.POD_PORT}
		}
		upstream {
			pod_cidr 127.0.2.0/24
			host ` + podC + `
			upstream_port {env.POD_PORT}
		}
	}
}
`}
	}
	env := []string{"COOKIE=upstream", "POD_CIDR=127.0.1.0/24", "POD_HOST=" + podA, "POD_PORT=" + fmt.Sprint(cluster.Port),
		"DOORS_SECRET=" + cluster.Secret, "OLD_SECRET=" + old, "BOTH=" + cluster.Secret + "\n" + old, "EMPTY=", "BROKEN=c2hvcnQ="}
	folder := t.TempDir()
	file := filepath.Join(folder, "doors")
	if err := os.WriteFile(file, []byte(cluster.Secret+"\n"+old+"\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	both := []string{cluster.Secret, old}
	for name, secret := range map[string]string{
		"environment": "{env.DOORS_SECRET} {env.OLD_SECRET}", "two in one": "{env.BOTH}", "file": "{file." + file + "}",
	} {
		t.Run(name, func(t *testing.T) {
			caddy := Start(t, Options{Config: block(secret), Env: env})
			client := caddy.NewClient(t, H1)
			play(t, client, cluster, []row{
				{name: "cookie", path: "/", cookie: []string{"upstream=" + cluster.Token(podC)}, pods: []string{podC}},
				{name: "token", path: "/~/" + cluster.Token(podB) + "/r/x", pods: []string{podB}},
				{name: "old key", path: "/~/" + Token(t, old, podB) + "/r/x", pods: []string{podB}},
				{name: "gone", path: "/~/" + Token(t, NewSecret(16), podB) + "/r/x", pods: nowhere},
			})
			checkNo(t, "/config/", config(caddy), both...)
			checkNo(t, "autosave.json", caddy.Autosave(), both...)
			status, adapted := caddy.Admin("POST", "/adapt", "text/caddyfile", []byte(caddy.Text(block(secret))))
			if status != http.StatusOK {
				t.Error(adapted)
			}
			checkNo(t, "/adapt", adapted, both...)
			for faulty, want := range map[string][]string{
				"{env.NOT_SET}": {"env.NOT_SET"}, "{env.EMPTY}": {"env.EMPTY"}, "{file." + folder + "/none}": {"none"},
				"{env.BROKEN}": {"secret"}, "{nothing.such}": {"nothing.such"}, "{env.DOORS_SECRET} {env.DOORS_SECRET}": {"secret"},
			} {
				status, message := caddy.Load(block(faulty))
				if status != http.StatusBadRequest {
					t.Errorf("%s: status %d: %s", faulty, status, message)
				}
				for _, part := range want {
					if !strings.Contains(message, part) {
						t.Errorf("%s: %s\nlacks %q", faulty, message, part)
					}
				}
				checkNo(t, "the message", message, cluster.Secret, old, "c2hvcnQ=")
			}
			caddy.Stop()
			checkNo(t, "the log", caddy.Output.String(), cluster.Secret, old, "c2hvcnQ=")
		})
	}
}

// Without an access log neither keys nor tokens are logged.
func TestLogsHoldNoTokens(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podC)
	caddy := Start(t, Options{Config: Config{Handlers: doorsSite(cluster, "")}})
	client := caddy.NewClient(t, H2)
	secrets := []string{cluster.Secret}
	for _, address := range []string{podA, podC, nobody, "127.0.9.9"} {
		token := cluster.Token(address)
		secrets = append(secrets, token)
		client.Get("/~/" + token + "/s/i")
		client.Do(Request{Path: "/", Cookie: []string{"upstream=" + token}})
	}
	_, metrics := caddy.Admin("GET", "/metrics", "", nil)
	checkNo(t, "the metrics", metrics, secrets...)
	caddy.Stop()
	checkNo(t, "the log", caddy.Output.String(), secrets...)
}

// The documented JSON works with every endpoint of the admin API.
func TestAdminAPI(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	places := NewPlaces(t)
	caddy := Start(t, Options{Config: Config{Places: places, JSON: JSON("upstreams", cluster.Secret, "upstream", twoServers(cluster))}})
	client := caddy.NewClient(t, H1)
	path := "/~/" + cluster.Token(podB) + "/r/x"
	if answer := client.Get(path); answer.Status != http.StatusNotFound {
		t.Fatal(answer.Status)
	}
	handler := "/config/apps/http/servers/site/routes/0/handle/0"
	member := "upstreams"
	if _, text := caddy.Admin("GET", handler, "", nil); strings.Contains(text, `"dynamic_upstreams"`) {
		member = "dynamic_upstreams"
	}
	fresh, err := json.Marshal(NewSecret(32))
	if err != nil {
		t.Fatal(err)
	}
	if status, message := caddy.Admin("PATCH", handler+"/"+member+"/secret", "application/json", fresh); status != http.StatusOK {
		t.Fatal(status, message)
	}
	checkGone(t, "the secret has changed", client.Get(path))
	again := JSON("dynamic_upstreams", cluster.Secret, "upstream", twoServers(cluster))
	if status, message := caddy.Admin("PATCH", handler, "application/json", []byte(again)); status != http.StatusOK {
		t.Fatal(status, message)
	}
	if answer := client.Get(path); answer.Status != http.StatusNotFound {
		t.Fatal(answer.Status)
	}
	if status, _ := caddy.Admin("PATCH", handler+"/dynamic_upstreams/secret", "application/json", []byte(`"x"`)); status == http.StatusOK {
		t.Error("an invalid secret was accepted")
	}
	if status, message := caddy.Load(Config{JSON: JSON("upstreams", cluster.Secret, "upstream", twoServers(cluster)[:1])}); status != http.StatusOK {
		t.Fatal(status, message)
	}
	play(t, client, cluster, []row{{name: "one server", path: "/", pods: []string{podA}}})
}
