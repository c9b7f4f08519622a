package e2e_test

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// suiteFolder returns the folder of Caddy's own adapt tests.
func suiteFolder(t *testing.T) string {
	t.Helper()
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/caddyserver/caddy/v2")
	list.Dir = filepath.Join(Root(t), "caddy")
	folder, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(folder)), "caddytest", "integration", "caddyfile_adapt")
}

// Every Caddyfile of Caddy's own suite adapts as with a stock binary, over the admin API: the same
// JSON and warnings, or the same error.
func TestStockAdapts(t *testing.T) {
	plain := Config{Handlers: "respond ok"}
	ours, stock := Start(t, Options{Config: plain}), Start(t, Options{Binary: Stock, Config: plain})
	files, err := filepath.Glob(filepath.Join(suiteFolder(t), "*.caddyfiletest"))
	if err != nil || len(files) < 200 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	adapted := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		caddyfile, _, _ := strings.Cut(string(content), "----------")
		// The second one has a mistake.
		for _, text := range []string{caddyfile, strings.Replace(caddyfile, "reverse_proxy", "reverse_proxy {\n\tno_such_option\n}\nreverse_proxy", 1)} {
			// Of several mistakes Caddy reports a random one, so an answer may be one that stock
			// Caddy has not given yet.
			answers := map[string]bool{}
			for range 10 {
				status, got := ours.Admin("POST", "/adapt", "text/caddyfile", []byte(text))
				for tries := 0; !answers[got] && tries < 300; tries++ {
					_, want := stock.Admin("POST", "/adapt", "text/caddyfile", []byte(text))
					answers[want] = true
				}
				if !answers[got] {
					t.Errorf("%s:\n%s\nstock:\n%s", filepath.Base(file), got, slices.Collect(maps.Keys(answers)))
				}
				if status == http.StatusOK {
					adapted++
					break
				}
			}
		}
	}
	t.Logf("%d files, %d adapted", len(files), adapted)
	if adapted < 150 {
		t.Errorf("only %d files of the suite adapted", adapted)
	}
}

// Other uses of the proxy behave as in a stock binary.
func TestStockBehaviour(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/auth" && r.Header.Get("X-Forwarded-Uri") == "/auth/no":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/auth":
			w.Header().Set("X-User", "jane")
		case r.URL.Path == "/status/503":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintf(w, "%s %s host=%s user=%s extra=%s", r.Method, r.URL, r.Host[:3], r.Header.Get("X-User"), r.Header.Get("X"))
	}))
	defer app.Close()
	fast, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer fast.Close()
	go fcgi.Serve(fast, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "fastcgi %s %s", r.Method, fcgi.ProcessEnv(r)["SCRIPT_FILENAME"])
	}))
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "index.php"), []byte("<?php"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := app.Listener.Addr().String()
	site := strings.NewReplacer("APP", address, "FAST", fast.Addr().String(), "ROOT", root).Replace(`route {
	handle /static* {
		reverse_proxy APP {
			header_up X dynamic_upstreams
			lb_policy round_robin
		}
	}
	handle /to* {
		reverse_proxy {
			to APP 127.0.0.1:1
			lb_policy first
			lb_try_duration 2s
		}
	}
	handle /dynamic* {
		reverse_proxy {
			dynamic a localhost {
				port PORT
				versions ipv4
			}
		}
	}
	handle /status* {
		reverse_proxy APP {
			@down status 503
			handle_response @down {
				respond "handled {rp.status_code}" 200
			}
		}
	}
	handle /dead* {
		reverse_proxy 127.0.0.1:1
	}
	handle /auth* {
		forward_auth APP {
			uri /auth
			copy_headers X-User
		}
		reverse_proxy APP
	}
	handle /php* {
		root ROOT
		php_fastcgi FAST
	}
	handle /rewrite* {
		reverse_proxy APP {
			rewrite /rewritten?{query}
			method PUT
		}
	}
	handle /~/* {
		reverse_proxy APP
	}
}
handle_errors {
	respond "error {err.status_code}"
}
`)
	_, port, _ := net.SplitHostPort(address)
	config := Config{Handlers: strings.ReplaceAll(site, "PORT", port)}
	places := NewPlaces(t)
	var answers [2][]string
	for index, binary := range []Binary{Stock, Default} {
		config.Places = places
		caddy := Start(t, Options{Binary: binary, Config: config})
		client := caddy.NewClient(t, H1)
		for _, request := range []Request{
			{Path: "/static?a=b"}, {Path: "/static", Method: "POST", Body: strings.NewReader("x")}, {Path: "/to"}, {Path: "/dynamic"},
			{Path: "/status/503"}, {Path: "/status/200"}, {Path: "/dead"}, {Path: "/auth/yes"}, {Path: "/auth/no"},
			{Path: "/php/x"}, {Path: "/rewrite?q=1"}, {Path: "/~/token/s/i"}, {Path: "/none"},
		} {
			answer := client.Do(request)
			answer.Header.Del("Date")
			answers[index] = append(answers[index], fmt.Sprint(request.Path, " ", answer.Status, " ", answer.Header, " ", answer.Body))
		}
		caddy.Stop()
	}
	for number, answer := range answers[0] {
		if answers[1][number] != answer {
			t.Errorf("stock: %s\nours:  %s", answer, answers[1][number])
		}
	}
	all := strings.Join(answers[0], "\n")
	for _, part := range []string{"/static 200", "extra=dynamic_upstreams", "/dynamic 200", "handled 503", "/dead 502", "/auth/yes 200", "user=jane", "/auth/no 401", "fastcgi GET " + root, "PUT /rewritten?q=1"} {
		if !strings.Contains(all, part) {
			t.Errorf("the stock binary did not show %q:\n%s", part, all)
		}
	}
}

// `caddy reverse-proxy` and the list of modules work as in a stock binary.
func TestStockCommands(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "app ", r.URL) }))
	defer app.Close()
	for _, binary := range []Binary{Stock, Default} {
		port := Port(t, "127.0.0.1")
		StartCommand(t, binary, port, "reverse-proxy", "--from", fmt.Sprintf("http://127.0.0.1:%d", port), "--to", app.Listener.Addr().String())
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/x?y", port))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Via") == "" {
			t.Errorf("%v: %s", binary, answer.Status)
		}
	}
	out, _, ok := Run(t, Default, nil, "list-modules")
	want, _, _ := Run(t, Stock, nil, "list-modules")
	ours := []string{
		"admin.api.doors", "http.handlers.doors_status", "http.reverse_proxy.upstreams.doors_upstream",
		"http.handlers.doors_handler", "http.handlers.doors_geo", "http.reverse_proxy.upstreams.doors_upstreams",
	}
	got := slices.DeleteFunc(moduleNames(out), func(name string) bool { return slices.Contains(ours, name) })
	if !ok || !slices.Equal(got, moduleNames(want)) {
		t.Errorf("modules:\n%s\nstock:\n%s", out, want)
	}
}

// moduleNames returns the names in the output of list-modules under any heading: the handler that
// replaces Caddy's own counts as non-standard.
func moduleNames(list string) []string {
	var names []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(line, ":") {
			names = append(names, line)
		}
	}
	slices.Sort(names)
	return names
}

// --resume starts from what was saved.
func TestResume(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	for name, config := range spellings(cluster.Secret, "upstream", twoServers(cluster)) {
		t.Run(name, func(t *testing.T) {
			first := Start(t, Options{Config: config})
			first.Stop()
			client := Start(t, Options{Resume: first}).NewClient(t, H1)
			play(t, client, cluster, []row{
				{name: "token", path: "/~/" + cluster.Token(podB) + "/s/i", pods: []string{podB}},
				{name: "cookie", path: "/", cookie: []string{"upstream=" + cluster.Token(podC)}, pods: []string{podC}},
				{name: "gone", path: "/~/x/s/i", pods: nowhere},
			})
		})
	}
}
