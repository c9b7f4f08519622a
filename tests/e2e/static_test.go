package e2e_test

import (
	"debug/elf"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// needs returns what a program needs from its system to start: a loader, libraries.
func needs(t *testing.T, binary Binary) (needs []string) {
	t.Helper()
	file, err := elf.Open(binary.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			needs = append(needs, part.Type.String())
		}
	}
	libraries, err := file.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	return append(needs, libraries...)
}

func TestStaticNeedsNothing(t *testing.T) {
	if needs := needs(t, Static); len(needs) > 0 {
		t.Errorf("the static binary needs %q", needs)
	}
	if len(needs(t, Default)) == 0 {
		t.Error("the ordinary binary needs nothing either: is this test blind?")
	}
}

// maxAddition is how many bytes this module may add to Caddy.
const maxAddition = 3_000_000

func TestStaticSize(t *testing.T) {
	size := func(binary Binary) int64 {
		file, err := os.Stat(binary.Path(t))
		if err != nil {
			t.Fatal(err)
		}
		return file.Size()
	}
	with, without := size(Static), size(StaticStock)
	t.Logf("static: %d bytes with this module, %d without: %d more", with, without, with-without)
	if with-without > maxAddition {
		t.Errorf("this module adds %d bytes, more than %d", with-without, maxAddition)
	}
	if with <= without {
		t.Error("this module adds nothing: is it in there?")
	}
}

// Caddy runs in a root with only the binary and the configuration, and without an environment.
func TestStaticAlone(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB, podC)
	dns, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	dns.Set("first.test", netip.MustParseAddr(podA))
	dns.Set("second.test", netip.MustParseAddr(podC))
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", "first.test"), cluster.Upstream("127.0.2.0/24", "second.test")}
	config := func(member string) Config {
		handler := JSON("upstreams", cluster.Secret, "upstream", upstreams)
		return Config{JSON: strings.Replace(handler, `"source": "doors_upstream"`, `"source": "doors_upstream"`+member, 1)}
	}
	caddy := Start(t, Options{Binary: Static, Alone: true, Config: config(`, "resolver": {"addresses": ["` + dns.Address() + `"]}`)})
	client := caddy.NewClient(t, H1)
	play(t, client, cluster, systemRows(cluster))
	play(t, client, cluster, normalRows(cluster))
	if dns.Queries("first.test") == 0 {
		t.Error("the name server got no query")
	}
	var names []string
	entries, err := os.ReadDir(caddy.Folder)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	// Caddy keeps its own data in /caddy.
	if want := []string{"bin", "caddy", "caddy.json"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("the root contains %q, want %q, %v", names, want, err)
	}

	// Without a configured name server Go queries this machine, where nobody has the name.
	upstreams[0].Host = "unheard.test"
	if status, message := caddy.Load(config("")); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, message)
	}
	answer := client.Do(Request{Path: "/", Cookie: []string{"upstream=" + cluster.Token(podA)}})
	if answer.Status != http.StatusServiceUnavailable {
		t.Errorf("status %d for an unknown name", answer.Status)
	}
	caddy.Output.Wait(t, `"host lookup failed","host":"unheard.test"`, time.Minute)
	play(t, client, cluster, systemRows(cluster))
}
