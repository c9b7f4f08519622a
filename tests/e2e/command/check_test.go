package command_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

const (
	podA = "127.0.1.1"
	podB = "127.0.1.2"
	podC = "127.0.2.1"
)

// site returns a Caddyfile that logs to standard output.
func site(handlers string) string {
	return "{\n\tadmin off\n\tlog {\n\t\toutput stdout\n\t}\n}\n\nhttp://127.0.0.1:9 {\n" + Indent(handlers) + "\n}\n"
}

var reportLine = regexp.MustCompile(`^(ok      |notice  |warning |FINDING |UNTESTED) \S`)

// runCheck checks a Caddyfile. Its standard output must be a report and nothing else.
func runCheck(t *testing.T, caddyfile string, env []string, arguments ...string) Result {
	t.Helper()
	result := Command{
		Files: map[string]string{"Caddyfile": caddyfile}, Env: env, Arguments: append([]string{"doors", "check"}, arguments...),
	}.Run(t)
	for line := range strings.Lines(result.Stdout) {
		if !reportLine.MatchString(line) {
			t.Errorf("on standard output: %s", line)
		}
	}
	return result
}

// nameServer starts a name server that has app.test and no other name.
func nameServer(t *testing.T, addresses ...string) *nameserver.Server {
	t.Helper()
	server, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	var parsed []netip.Addr
	for _, address := range addresses {
		parsed = append(parsed, netip.MustParseAddr(address))
	}
	server.Set("app.test", parsed...)
	return server
}

func TestCheck(t *testing.T) {
	t.Parallel()
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	names := nameServer(t, podA, podB)
	silent := nameServer(t, podA)
	silent.Fail("app.test", nameserver.Refused)
	// Nobody listens there.
	closed := Port(t, podA)
	env := []string{"DOORS_SECRET=" + cluster.Secret, "OTHER_SECRET=" + NewSecret(32), fmt.Sprintf("PORT=%d", cluster.Port), fmt.Sprintf("CLOSED=%d", closed)}
	source := func(secret, cookie, more, upstreams string) string {
		if cookie != "" {
			more += "\ncookie_name " + cookie
		}
		return site(fmt.Sprintf("reverse_proxy {\n\tdynamic_upstreams doors_upstream {\n\t\tsecret %s\n%s\n%s\n\t}\n}\n", secret, more, upstreams))
	}
	upstream := func(cidr, host, port string) string {
		return fmt.Sprintf("upstream {\npod_cidr %s\nhost %s\nupstream_port %s\n}\n", cidr, host, port)
	}
	resolved := "resolvers " + names.Address()
	for name, row := range map[string]struct {
		caddyfile string
		probe     bool
		code      int
		want      []string
	}{
		"all well": {source("{env.DOORS_SECRET}", "upstream", resolved, upstream("127.0.1.0/24", "app.test", "{env.PORT}")), false, 0,
			[]string{"ok       Caddyfile loads", "app.test: " + podA, "app.test: " + podB}},
		"probe the cookie": {source("{env.DOORS_SECRET}", "upstream", "", upstream("127.0.1.0/24", podA, "{env.PORT}")+upstream("127.0.2.0/24", podC, "{env.PORT}")), true, 0,
			[]string{"opens the token in the cookie of " + podA, "opens the token in the cookie of " + podC + ": address " + podC}},
		"probe the page": {source("{env.DOORS_SECRET}", "", "", upstream("127.0.1.0/24", podA, "{env.PORT}")), true, 0,
			[]string{"opens the token in the page of " + podA}},
		"second key": {source("{env.OTHER_SECRET} {env.DOORS_SECRET}", "upstream", "", upstream("127.0.1.0/24", podA, "{env.PORT}")), true, 0,
			[]string{"key 1 (", "opens the token in the cookie"}},
		"literal secret": {source(cluster.Secret, "upstream", "", upstream("127.0.1.0/24", podA, "{env.PORT}")), false, 0,
			[]string{"notice   source 0: the configuration contains the secret in plain text", "{env.DOORS_SECRET}"}},
		"wrong key": {source("{env.OTHER_SECRET}", "upstream", "", upstream("127.0.1.0/24", podA, "{env.PORT}")), true, 1,
			[]string{"FINDING  source 0, upstreams[0]: no key opens the token in the cookie of " + podA}},
		"elsewhere": {source("{env.DOORS_SECRET}", "upstream", "", upstream("127.0.9.0/24", podA, "{env.PORT}")), true, 1,
			[]string{"which is in no pod_cidr", "the token in the cookie of ", "has the address " + podA}},
		"several hosts": {source("{env.DOORS_SECRET}", "upstream", resolved, upstream("127.0.1.0/24 127.0.2.0/24", "app.test "+podC, "{env.PORT}")), true, 0,
			[]string{"app.test: " + podA, "app.test: " + podB, podC + ": " + podC, "opens the token in the cookie of " + podA}},
		"another's": {source("{env.DOORS_SECRET}", "upstream", "", upstream("127.0.1.0/24", podC, "{env.PORT}")+upstream("127.0.2.0/24", podA, "{env.PORT}")), true, 1,
			[]string{podC + ", which is in a pod_cidr of upstreams[1]", podA + ", which is in a pod_cidr of upstreams[0]"}},
		"nobody listens": {source("{env.DOORS_SECRET}", "upstream", "", upstream("127.0.1.0/24", podA, "{env.CLOSED}")), true, 1,
			[]string{"FINDING  source 0, upstreams[0]: " + podA + ": ", "refused; check that the app runs, and listens on this address and port", "UNTESTED source 0, upstreams[0]: no pod to probe"}},
		"one address is free": {source("{env.DOORS_SECRET}", "upstream", "", upstream("127.0.1.0/24", "127.0.1.9 "+podA, "{env.PORT}")), true, 0,
			[]string{"notice   source 0, upstreams[0]: 127.0.1.9: ", "refused: no version of the app runs there now", "opens the token in the cookie of " + podA}},
		"no such name": {source("{env.DOORS_SECRET}", "upstream", resolved, upstream("127.0.1.0/24", "other.test", "{env.PORT}")), false, 1,
			[]string{"FINDING  source 0, upstreams[0]: host other.test has no address; check its spelling"}},
		"no name server": {source("{env.DOORS_SECRET}", "upstream", "resolvers "+silent.Address(), upstream("127.0.1.0/24", "app.test", "{env.PORT}")), false, 2,
			[]string{"UNTESTED source 0, upstreams[0]: host app.test: "}},
		"not valid": {source("{env.MISSING_SECRET}", "upstream", "", upstream("127.0.1.0/24", podA, "{env.PORT}")), false, 1,
			[]string{"FINDING  Caddyfile: ", "MISSING_SECRET"}},
		"options": {source("{env.DOORS_SECRET}", "", "", upstream("127.0.1.0/24", podA, "{env.PORT}")+"}\nresponse_buffers 1MiB\ntransport http {\n\tread_timeout 5s\n"), false, 0,
			[]string{"warning  source 0: response_buffers: ", "warning  source 0: transport http: read_timeout: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var arguments []string
			if row.probe {
				arguments = append(arguments, "--probe")
			}
			result := runCheck(t, row.caddyfile, env, arguments...)
			if result.Code != row.code {
				t.Errorf("exit code %d, want %d: %s\n%s", result.Code, row.code, result.Stdout, result.Stderr)
			}
			for _, want := range row.want {
				if !strings.Contains(result.Stdout, want) {
					t.Errorf("%s\nlacks %q", result.Stdout, want)
				}
			}
			if row.code == 0 && (strings.Contains(result.Stdout, "FINDING") || strings.Contains(result.Stdout, "UNTESTED")) {
				t.Error(result.Stdout)
			}
			if strings.Contains(result.Stdout+result.Stderr, cluster.Secret) {
				t.Error("the secret is repeated")
			}
		})
	}
}

// Without --probe no pod gets a request.
func TestCheckIsNoVisit(t *testing.T) {
	t.Parallel()
	cluster := NewCluster(t, pod.Config{}, podA)
	caddyfile := site(Caddyfile("dynamic_upstreams", cluster.Secret, "upstream", []Upstream{cluster.Upstream("127.0.1.0/24", podA)}, ""))
	runCheck(t, caddyfile, nil)
	if visits := len(cluster.Pod(podA).Requests("/")); visits != 0 || cluster.Pod(podA).Dials() != 1 {
		t.Errorf("%d visits, %d connections", visits, cluster.Pod(podA).Dials())
	}
	runCheck(t, caddyfile, nil, "--probe")
	if visits := len(cluster.Pod(podA).Requests("/")); visits != 1 {
		t.Errorf("%d visits", visits)
	}
}

// An app that keeps its token in another cookie, or in none, is reported: its browsers would not
// stay with their pod.
func TestCheckFindsTheCookie(t *testing.T) {
	t.Parallel()
	secret := NewSecret(32)
	token, foreign := Token(t, secret, podA), Token(t, NewSecret(32), podA)
	const another, none = `keeps its token in the cookie "sticky", and cookie_name is "upstream"`, `sets no cookie "upstream"`
	for name, row := range map[string]struct {
		cookies          map[string]string
		page, cookieName string
		code             int
		want             string // "" for no finding about cookies
	}{
		"the right one":                     {map[string]string{"upstream": token, "other": "1"}, "/~/" + token + "/", "upstream", 0, ""},
		"the right one, and another":        {map[string]string{"upstream": token, "sticky": token}, "", "upstream", 0, ""},
		"another":                           {map[string]string{"sticky": token, "other": "1"}, "/~/" + token + "/", "upstream", 1, another},
		"another, and no token in the page": {map[string]string{"sticky": token}, "", "upstream", 1, another},
		"another, of another secret":        {map[string]string{"sticky": foreign}, "/~/" + foreign + "/", "upstream", 1, another},
		"none":                              {map[string]string{"other": "1"}, "/~/" + token + "/", "upstream", 1, none},
		"none is configured":                {nil, "/~/" + token + "/", "", 0, ""},
		"no app of Doors":                   {map[string]string{"other": "1"}, "", "upstream", 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", podA+":0")
			if err != nil {
				t.Fatal(err)
			}
			app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range row.cookies {
					http.SetCookie(w, &http.Cookie{Name: name, Value: value})
				}
				fmt.Fprintf(w, `<script src="%sr/x.js"></script>`, row.page)
			}))
			app.Listener.Close()
			app.Listener = listener
			app.Start()
			defer app.Close()
			upstream := Upstream{CIDR: "127.0.1.0/24", Host: podA, Port: listener.Addr().(*net.TCPAddr).Port}
			result := runCheck(t, site(Caddyfile("dynamic_upstreams", secret, row.cookieName, []Upstream{upstream}, "")), nil, "--probe")
			found := strings.Contains(result.Stdout, " cookie \"sticky\"") || strings.Contains(result.Stdout, " sets no cookie")
			if result.Code != row.code || found != (row.want != "") || !strings.Contains(result.Stdout, row.want) {
				t.Errorf("exit code %d, want %d, with the output\n%s", result.Code, row.code, result.Stdout)
			}
			if strings.Contains(result.Stdout, token) || strings.Contains(result.Stdout, foreign) {
				t.Error("a token is shown")
			}
		})
	}
}

// A probe uses the handler's transport and headers.
func TestCheckOverTLS(t *testing.T) {
	t.Parallel()
	secret := NewSecret(32)
	listener, err := net.Listen("tcp", podA+":0")
	if err != nil {
		t.Fatal(err)
	}
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || r.Header.Get("X-Site") != "shop" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "upstream", Value: Token(t, secret, podA)})
		http.Redirect(w, r, "/login", http.StatusFound)
	}))
	app.Listener.Close()
	app.Listener = listener
	app.StartTLS()
	defer app.Close()
	server := Upstream{CIDR: "127.0.1.0/24", Host: podA, Port: listener.Addr().(*net.TCPAddr).Port}
	with := func(more string) Result {
		return runCheck(t, site(Caddyfile("dynamic_upstreams", secret, "upstream", []Upstream{server}, more)), nil, "--probe")
	}
	const tls = "transport http {\n\ttls_insecure_skip_verify\n}\n"
	if result := with(tls + "header_up X-Site shop"); result.Code != 0 || !strings.Contains(result.Stdout, "opens the token in the cookie") {
		t.Errorf("%+v", result)
	}
	if result := with(tls); result.Code != 2 || !strings.Contains(result.Stdout, "status 403 and without a token") {
		t.Errorf("%+v", result)
	}
	if result := with("transport http {\n\ttls\n}\n"); result.Code != 2 || !strings.Contains(result.Stdout, "UNTESTED source 0, upstreams[0]: "+podA+": GET /: ") {
		t.Errorf("%+v", result)
	}
}

// Sources are reported in the order of the configuration.
func TestCheckSources(t *testing.T) {
	t.Parallel()
	cluster := NewCluster(t, pod.Config{}, podA, podC)
	one := Caddyfile("dynamic", cluster.Secret, "upstream", []Upstream{cluster.Upstream("127.0.1.0/24", podA)}, "")
	two := Caddyfile("dynamic", cluster.Secret, "upstream", []Upstream{cluster.Upstream("127.0.2.0/24", podC)}, "")
	caddyfile := site("handle /a* {\n" + Indent(one) + "\n}\nhandle /b* {\n" + Indent(two) + "\n}\nhandle {\n" + Indent(one) + "\n}\n")
	result := runCheck(t, caddyfile, nil)
	var found []string
	for _, match := range regexp.MustCompile(`ok       source (\d), upstreams\[0\]: (\S+): `).FindAllStringSubmatch(result.Stdout, -1) {
		found = append(found, match[1]+" "+match[2])
	}
	if want := []string{"0 " + podA, "1 " + podC, "2 " + podA}; result.Code != 0 || fmt.Sprint(found) != fmt.Sprint(want) {
		t.Errorf("%v: %+v", found, result)
	}
}

// A file that cannot be read, or has nothing to check, is an error and not a finding.
func TestCheckCannot(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]Command{
		"no file":   {Arguments: []string{"doors", "check", "--config", "missing"}},
		"no source": {Arguments: []string{"doors", "check"}, Files: map[string]string{"Caddyfile": site("respond ok")}},
		"usage":     {Arguments: []string{"doors", "check", "Caddyfile"}},
	} {
		if result := command.Run(t); result.Code != 2 || result.Stdout != "" {
			t.Errorf("%s: %+v", name, result)
		}
	}
}
