package running

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

// fakeAdmin is an admin API that reports the given numbers of pages on evicted pods, one for each
// question. The last one is repeated.
type fakeAdmin struct {
	t       *testing.T
	pages   []int
	refuses int // status of the answer to orders

	mu        sync.Mutex
	questions int
	orders    []string // orders received
	evicted   bool
}

func startAdmin(t *testing.T, refuses int, pages ...int) (admin *fakeAdmin, address string) {
	t.Helper()
	admin = &fakeAdmin{t: t, pages: pages, refuses: refuses}
	server := httptest.NewServer(admin)
	t.Cleanup(server.Close)
	return admin, server.Listener.Addr().String()
}

// ServeHTTP answers questions and records orders.
func (f *fakeAdmin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	query := r.URL.Query()
	if hold, err := time.ParseDuration(query.Get("wait")); r.Method == http.MethodGet && (err != nil || hold > evictEvery) {
		f.t.Errorf("a question is held for %q", query.Get("wait"))
	}
	query.Del("wait")
	f.orders = append(f.orders, strings.TrimSpace(r.Method+" "+query.Encode()+string(body)))
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path != "/doors/evictions" || r.Header.Get("Origin") != "http://"+r.Host:
		f.t.Errorf("asked at %s, from %q", r.URL.Path, r.Header.Get("Origin"))
	case f.refuses != 0, r.Method != http.MethodPost && !f.evicted:
		w.WriteHeader(cmp.Or(f.refuses, http.StatusNotFound))
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "because"})
		return
	}
	f.evicted = r.Method != http.MethodDelete
	left := f.pages[min(f.questions, len(f.pages)-1)]
	f.questions++
	eviction := status.Eviction{Pages: left, Draining: min(left, 1), Told: 12}
	if left > 0 && r.Method == http.MethodGet {
		w.WriteHeader(http.StatusConflict)
	}
	_ = json.NewEncoder(w).Encode(status.Evictions{Evictions: []status.Eviction{eviction}})
}

// Each replica gets the order once, and is asked until no pages are left.
func TestEvict(t *testing.T) {
	one, first := startAdmin(t, 0, 3, 2, 0)
	two, second := startAdmin(t, 0, 0)
	evicted := runDoors(t, "evict", "::ffff:10.0.0.7", "--rate", "5", "--idle-first", "--address", first, "--address", "http://"+second+"/")
	if evicted.Code != 0 || evicted.Stderr != first+": 10.0.0.7: 1 pod draining, 3 pages left, 12 told to reload\n"+first+": 10.0.0.7: 1 pod draining, 2 pages left, 12 told to reload\n" {
		t.Errorf("%+v", evicted)
	}
	for _, address := range []string{first, "http://" + second + "/"} {
		if !strings.Contains(evicted.Stdout, address+": 10.0.0.7: no pages left, 12 told to reload\n") {
			t.Errorf("nothing of %s: %+v", address, evicted)
		}
	}
	const order, question = `POST {"pod":"10.0.0.7","rate":5,"idle_first":true}`, "GET pod=10.0.0.7"
	if want := []string{order, question, question}; !reflect.DeepEqual(one.orders, want) {
		t.Errorf("%q, want %q", one.orders, want)
	}
	if want := []string{order}; !reflect.DeepEqual(two.orders, want) {
		t.Errorf("%q, want %q", two.orders, want)
	}
}

func TestEvictTargets(t *testing.T) {
	for arguments, want := range map[string]string{
		"10.0.0.0/24":                           `POST {"network":"10.0.0.0/24"}`,
		"--upstream app.test:80":                `POST {"upstream":"app.test:80"}`,
		"fd00::7 --upstream app.test:80":        `POST {"pod":"fd00::7","upstream":"app.test:80"}`,
		"fd00::/64 --rate 1 --upstream [::1]:8": `POST {"network":"fd00::/64","upstream":"[::1]:8","rate":1}`,
	} {
		admin, address := startAdmin(t, 0, 0)
		evicted := runDoors(t, append([]string{"evict", "--address", address}, strings.Fields(arguments)...)...)
		evicted.Wants(t, 0, "")
		if !reflect.DeepEqual(admin.orders, []string{want}) {
			t.Errorf("%s: %q, want %q", arguments, admin.orders, want)
		}
	}
	admin, address := startAdmin(t, 0, 0)
	for arguments, why := range map[string]string{
		"": "the target is missing", "pod": "neither an IP address nor a network", "10.0.0.7:80": "neither", "10.0.0.0/33": "neither", "10.0.0.7/24": "write 10.0.0.0/24", "fe80::1%lo": "neither",
		"10.0.0.7 10.0.0.8": "at most 1", "--upstream app": "must be host:port", "10.0.0.7 --rate -1": "--rate", "10.0.0.7 --rate 4294967296": "--rate", "10.0.0.7 --timeout -1s": "--timeout",
		"10.0.0.7 --undo --rate 1": "--undo cannot be combined", "10.0.0.7 --undo --idle-first": "--undo cannot be combined", "10.0.0.7 --address caddy": "caddy",
	} {
		arguments := append([]string{"evict"}, strings.Fields(arguments)...)
		if !strings.Contains(fmt.Sprint(arguments), "--address") {
			arguments = append(arguments, "--address", address)
		}
		runDoors(t, arguments...).Wants(t, cli.ExitCannot, why)
	}
	if admin.orders != nil {
		t.Errorf("%q", admin.orders)
	}
}

func TestEvictInVain(t *testing.T) {
	_, busy := startAdmin(t, 0, 3)
	runDoors(t, "evict", "10.0.0.7", "--timeout", "10ms", "--address", busy).Wants(t, cli.ExitNo, "time is up: 10.0.0.7: 1 pod draining, 3 pages left")
	_, over := startAdmin(t, 0, 0)
	_, unknown := startAdmin(t, http.StatusNotFound, 0)
	runDoors(t, "evict", "10.0.0.7", "--address", busy, "--address", unknown).Wants(t, cli.ExitCannot, "because")
	lost, address := startAdmin(t, 0, 3)
	go func() {
		for lost.mu.Lock(); len(lost.orders) < 1; lost.mu.Lock() {
			lost.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
		lost.evicted = false
		lost.mu.Unlock()
	}()
	runDoors(t, "evict", "10.0.0.7", "--address", over, "--address", address).Wants(t, cli.ExitNo, "was undone")
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	runDoors(t, "evict", "10.0.0.7", "--address", other.URL).Wants(t, cli.ExitCannot, "not the admin API")
	lying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}))
	defer lying.Close()
	runDoors(t, "evict", "10.0.0.7", "--address", lying.URL).Wants(t, cli.ExitCannot, "not the admin API")
}

// The end of an eviction goes to all replicas, even if some do not have the eviction.
func TestUndo(t *testing.T) {
	has, first := startAdmin(t, 0, 3)
	has.evicted = true
	_, second := startAdmin(t, 0, 3)
	undone := runDoors(t, "evict", "10.0.0.7", "--undo", "--address", first, "--address", second)
	undone.Wants(t, 0, "")
	if !strings.Contains(undone.Stdout, first+": 10.0.0.7 is no longer evicted, 12 told to reload\n") || !strings.Contains(undone.Stdout, second+": 10.0.0.7 is not evicted\n") {
		t.Errorf("%+v", undone)
	}
	if want := []string{"DELETE pod=10.0.0.7"}; !reflect.DeepEqual(has.orders, want) {
		t.Errorf("%q, want %q", has.orders, want)
	}
	runDoors(t, "evict", "10.0.0.7", "--undo", "--address", first, "--address", second).Wants(t, cli.ExitNo, "nothing to undo")
	_, broken := startAdmin(t, http.StatusBadRequest, 0)
	runDoors(t, "evict", "10.0.0.7", "--undo", "--address", broken).Wants(t, cli.ExitCannot, "because")
}
