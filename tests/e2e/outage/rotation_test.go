package outage_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// A key is replaced as docs/operations.md describes, under load and with two replicas of Caddy. No page is
// lost, and the metric by key shows when the old key can be removed.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	port, dns := Port(t, podA, podB), newNameServer(t)
	oldCluster := NewClusterAt(t, pod.Config{Roll: 10 * time.Minute}, port, podA)
	resolve(dns, app, podA)
	oldKey, newKey := oldCluster.Secret, NewSecret(32)
	file := filepath.Join(t.TempDir(), "doors")
	write := func(keys string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(keys+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(oldKey)
	config := Config{Grace: noGrace, Global: "metrics", Handlers: site(dns, "{file."+file+"}", []Upstream{oldCluster.Upstream("127.0.1.0/24", app)}, "", "")}
	replicas := []*Caddy{Start(t, Options{Config: config}), Start(t, Options{Config: config})}
	everywhere := func(do func(*Caddy)) {
		for _, caddy := range replicas {
			do(caddy)
		}
	}
	var clients []*Client
	everywhere(func(caddy *Caddy) { clients = append(clients, caddy.NewClient(t, H1)) })

	var streams []*stream
	visit := func(home *Pod) {
		t.Helper()
		for visitor := range 10 {
			page := replicas[visitor%2].NewBrowser(t, []Protocol{H2, H3}[visitor/2%2]).MustLoad("/")
			if page.Pod != home.IP {
				t.Fatalf("a page on %s, want %s", page.Pod, home.IP)
			}
			streams = append(streams, openStream(t, page, home))
		}
	}
	visit(oldCluster.Pod(podA))
	// A visitor with a cookie of the old key loads page after page and always gets a page.
	var loads []*load
	everywhere(func(caddy *Caddy) {
		loads = append(loads, startLoad(t, caddy, []Protocol{H2}, 2, func(worker int) Request {
			if worker == 0 {
				return Request{Path: "/", Cookie: []string{"upstream=" + oldCluster.Token(podA)}}
			}
			return Request{Path: "/"}
		}))
	})

	// 1. Every replica gets both keys. The configuration is unchanged, so Caddy must be forced to
	// read the file.
	write(oldKey + " " + newKey)
	unforced := func(caddy *Caddy) { caddy.Load(config) }
	everywhere(unforced)
	probe := "/~/" + Token(t, newKey, podA) + "/h/none/1"
	for _, client := range clients {
		checkGone(t, "an unchanged configuration is not loaded again", client.Get(probe))
	}
	everywhere(func(caddy *Caddy) { reload(t, caddy, config) })
	checkDelivers(t, streams, "both-keys")

	// 2. The apps get the new key with their next deployment.
	fresh := NewClusterAt(t, pod.Config{Roll: 10 * time.Minute, Secret: newKey}, port, podB)
	resolve(dns, app, podB)
	everywhere(func(caddy *Caddy) {
		Eventually(t, "the move", func() bool { return logged(caddy, message("host addresses changed")) == 1 })
	})
	visit(fresh.Pod(podB))
	checkDelivers(t, streams, "both-clusters")
	for index, s := range streams {
		answer, err := s.page.Browser.Send(Request{Method: "POST", Path: s.page.Hook(pod.HookClick, index+1)})
		if err != nil || answer.Status != http.StatusOK {
			t.Errorf("a hook of a page on %s: status %d, %v", s.home.IP, answer.Status, err)
		}
	}

	// 3. The old pods end and the old cookies expire. The old key's counters stop.
	for _, load := range loads {
		_, failed := failures(t, load.stop(), "")
		if len(failed) > 0 {
			t.Errorf("failed: %v", failed)
		}
	}
	opened := func(caddy *Caddy, position int) (lines []string) {
		_, text := caddy.Admin("GET", "/metrics", "", nil)
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "caddy_doors_tokens_opened_total") && strings.Contains(line, fmt.Sprintf(`key="%d"`, position)) {
				lines = append(lines, line)
			}
		}
		return lines
	}
	before := opened(replicas[0], 0)
	if len(before) == 0 || len(opened(replicas[0], 1)) == 0 {
		_, text := replicas[0].Admin("GET", "/metrics", "", nil)
		t.Errorf("the metric by key does not know both keys:\n%s", text)
	}
	for index, s := range streams[10:] {
		answer, err := s.page.Browser.Send(Request{Method: "POST", Path: s.page.Hook(pod.HookClick, index+1)})
		if err != nil || answer.Status != http.StatusOK {
			t.Errorf("a hook of a new page: status %d, %v", answer.Status, err)
		}
	}
	if after := opened(replicas[0], 0); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the old key is counted though nothing uses it:\n%s\n%s", before, after)
	}

	// 4. The old key is removed.
	write(newKey)
	everywhere(func(caddy *Caddy) { reload(t, caddy, config) })
	checkDelivers(t, streams[10:], "new-key")
	for _, client := range clients {
		client.Get("/") // else, with this secret, no pod is known that could take a reloading page
		checkGone(t, "a token of the old key", client.Get("/~/"+Token(t, oldKey, podB)+"/h/none/1"))
	}
	page := replicas[0].NewBrowser(t, H2).MustLoad("/")
	if page.Pod != podB {
		t.Errorf("a new page on %s", page.Pod)
	}
}
