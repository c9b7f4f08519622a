package command_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// running is a Caddy with the status of its pods below /ops, and one open page.
type running struct {
	*Caddy
	t         *testing.T
	config    Config
	site      string // address of the status
	closePage func()
}

func start(t *testing.T) *running {
	t.Helper()
	cluster := NewCluster(t, pod.Config{Roll: 10 * time.Minute}, podA)
	proxy := Caddyfile("dynamic_upstreams", cluster.Secret, "upstream", []Upstream{cluster.Upstream("127.0.1.0/24", podA)}, "")
	r := &running{t: t, config: Config{Grace: "30s", Handlers: "handle_path /ops/* {\n\tdoors_status\n}\nhandle {\n" + Indent(proxy) + "\n}"}}
	r.Caddy = Start(t, Options{Config: r.config})
	page := r.NewBrowser(t, H1).MustLoad("/")
	r.site = page.Browser.Base + "/ops"
	ctx, closePage := context.WithCancel(context.Background())
	t.Cleanup(closePage)
	r.closePage = closePage
	go func() {
		answer, err := page.Browser.Open(ctx, Request{Path: page.Sync(1), Cookie: page.Browser.Cookies()})
		if err == nil {
			<-ctx.Done()
			answer.Body.Close()
		}
	}()
	for limit := time.Now().Add(Patience); !regexp.MustCompile(podA + `:\d+ .* 1 +1 +0 +0s ago\n`).MatchString(r.doors("top", "--address", r.site).Stdout); {
		if time.Now().After(limit) {
			t.Fatalf("the stream is not counted: %s", r.doors("top", "--address", r.site).Stdout)
		}
	}
	return r
}

// admin returns the address of the admin API.
func (r *running) admin() string { return fmt.Sprintf("127.0.0.1:%d", r.Places.Admin) }

func (r *running) doors(arguments ...string) Result {
	r.t.Helper()
	return Command{Arguments: append([]string{"doors"}, arguments...), Env: []string{"CADDY_ADMIN=" + r.admin()}}.Run(r.t)
}

// The status page, the admin API, and the admin API at its default address agree.
func TestTop(t *testing.T) {
	t.Parallel()
	r := start(t)
	table := regexp.MustCompile(`^up \d+s, 1 request in flight, 1 open stream\n` +
		`answered 410: 0, 503: 0; reloads: 0\n\n` +
		`UPSTREAM +NETWORKS +ADDRESSES +RESOLVED\n127\.0\.1\.1:\d+ +127\.0\.1\.0/24 +1 +an address\n\n` +
		`POD +UPSTREAM +GENERATION +VERDICT +IN FLIGHT +STREAMS +REFUSED +LAST SEEN\n` +
		`127\.0\.1\.1:\d+ +127\.0\.1\.1:\d+ +fresh +alive +1 +1 +0 +\d+s ago\n$`)
	for _, arguments := range [][]string{{"--once"}, {"--address", r.admin()}, {"--address", r.site, "--once"}, {"--address", r.AdminURL("")}} {
		shown := r.doors(append([]string{"top"}, arguments...)...)
		if shown.Code != 0 || shown.Stderr != "" || !table.MatchString(shown.Stdout) {
			t.Errorf("%v: %+v", arguments, shown)
		}
	}
	if wrong := r.doors("top", "--address", r.site+"/elsewhere"); wrong.Code != 2 || wrong.Stdout != "" {
		t.Errorf("%+v", wrong)
	}
}

// The admin API may listen only on a socket.
func TestSocket(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	socket, port := filepath.Join(folder, "admin.sock"), Port(t, "127.0.0.1")
	proxy := Caddyfile("dynamic_upstreams", NewSecret(32), "", []Upstream{{CIDR: "127.0.1.0/24", Host: podA, Port: 9}}, "")
	path := filepath.Join(folder, "Caddyfile")
	caddyfile := fmt.Sprintf("{\n\tadmin unix/%s|0600\n}\n\nhttp://127.0.0.1:%d {\n%s\n}\n", socket, port, Indent(proxy))
	if err := os.WriteFile(path, []byte(caddyfile), 0o600); err != nil {
		t.Fatal(err)
	}
	StartCommand(t, Default, port, "run", "--config", path, "--adapter", "caddyfile")
	for _, address := range []string{"unix/" + socket, "unix/" + socket + "|0600"} {
		shown := Command{Arguments: []string{"doors", "top", "--address", address}}.Run(t)
		waited := Command{Arguments: []string{"doors", "wait", podA, "--idle", "1ms"}, Env: []string{"CADDY_ADMIN=" + address}}.Run(t)
		if shown.Code != 0 || !strings.Contains(shown.Stdout, podA+":9 ") || waited.Code != 0 || !strings.Contains(waited.Stdout, "is idle") {
			t.Errorf("%s: %+v %+v", address, shown, waited)
		}
	}
}

// In a terminal the table is redrawn until it is interrupted.
func TestTopInTerminal(t *testing.T) {
	t.Parallel()
	r := start(t)
	command := fmt.Sprintf("stty cols 100 rows 8; exec timeout --foreground --preserve-status --signal INT 5 %s doors top --address %s", Default.Path(t), r.site)
	output, err := exec.Command("script", "--quiet", "--return", "--command", command, "/dev/null").CombinedOutput()
	frames := strings.Split(string(output), "\x1b[H")
	if err != nil || len(frames) < 3 {
		t.Fatalf("%v, %d frames: %q", err, len(frames), output)
	}
	last := frames[len(frames)-1]
	if !strings.Contains(last, "1 open stream") || strings.Count(last, "\r\n") != 7 || !strings.Contains(last, "lines more") {
		t.Errorf("%q", last)
	}
}

// The wait ends with the last request of the pod, for the status and for the admin API, even across
// a reload.
func TestWait(t *testing.T) {
	t.Parallel()
	r := start(t)
	ended := make(chan Result, 1)
	go func() {
		ended <- r.doors("wait", podA, "--idle", "500ms", "--address", r.site, "--address", r.admin())
	}()
	select {
	case early := <-ended:
		t.Fatalf("a page is open: %+v", early)
	case <-time.After(2 * time.Second):
	}
	if status, message, err := r.Reload(r.config); err != nil || status != http.StatusOK {
		t.Fatal(status, message, err)
	}
	select {
	case early := <-ended:
		t.Fatalf("after a reload, a page is open: %+v", early)
	case <-time.After(time.Second):
	}
	r.closePage()
	select {
	case result := <-ended:
		if result.Code != 0 || strings.Count(result.Stdout, podA+" is idle, no request for ") != 2 || strings.Count(result.Stdout, "\n") != 2 {
			t.Errorf("%+v", result)
		}
		for _, address := range []string{r.site, r.admin()} {
			if !strings.Contains(result.Stdout, address+": ") || !strings.Contains(result.Stderr, address+": "+podA+": busy: 1 request in flight, of which 1 stream\n") {
				t.Errorf("nothing of %s: %+v", address, result)
			}
		}
	case <-time.After(Patience):
		t.Fatal("the wait goes on")
	}
	if idle := r.doors("wait", podA, "--idle", "1ms"); idle.Code != 0 || idle.Stderr != "" {
		t.Errorf("%+v", idle)
	}
}

func TestWaitInVain(t *testing.T) {
	t.Parallel()
	r := start(t)
	for name, want := range map[string]struct {
		code      int
		stderr    string
		arguments []string
	}{
		"time is up":        {1, "busy", []string{podA, "--timeout", "300ms", "--address", r.site}},
		"just started":      {1, "not run for long enough", []string{podB, "--idle", "1h", "--timeout", "300ms"}},
		"nobody there":      {1, "refused", []string{podA, "--timeout", "300ms", "--address", fmt.Sprintf("127.0.0.1:%d", Port(t, "127.0.0.1"))}},
		"foreign address":   {2, "in no network", []string{podC}},
		"no status there":   {2, "not found; the paths are", []string{podA, "--address", r.site + "/elsewhere"}},
		"no address at all": {2, "not an IP address", []string{"pod"}},
	} {
		if result := r.doors(append([]string{"wait"}, want.arguments...)...); result.Code != want.code || result.Stdout != "" || !strings.Contains(result.Stderr, want.stderr) {
			t.Errorf("%s: %+v", name, result)
		}
	}
}
