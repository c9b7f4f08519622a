package main

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// until runs the orders of a fleet until its screen shows a text.
func until(t *testing.T, fleet *fleet, out *buffer, text string) {
	t.Helper()
	for limit := time.After(30 * time.Second); !strings.Contains(out.String(), text); {
		select {
		case order := <-fleet.orders:
			order()
		case <-time.After(10 * time.Millisecond):
		case <-limit:
			t.Fatalf("never said: %s, but\n%s", text, out)
		}
	}
}

func testFleet(t *testing.T) (*fleet, *buffer) {
	out := &buffer{}
	names, err := startNames()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(names.stop)
	fleet := newFleet(t.Context(), testOptions(t, ""), newSecret(), names, newScreen(out, false))
	t.Cleanup(fleet.stop)
	return fleet, out
}

// Deployments succeed even if the pages of some versions never end: if no address is free, the
// oldest version is ended.
func TestMoreVersionsThanAddresses(t *testing.T) {
	fleet, out := testFleet(t)
	fleet.deploy()
	page, err := http.Get("http://" + netip.AddrPortFrom(fleet.pods[0].address, fleet.chosen.podPort).String())
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	for range addresses / replicas {
		fleet.deploy() // faster than pods end
	}
	until(t, fleet, out, "All 10 addresses are taken. Version 1 gets a second SIGTERM, which ends it at once: its 1 page reloads on the new version.")
	until(t, fleet, out, "Version 5 is gone: its last page has ended. The rollout of version 6 is complete.")
	if len(fleet.pods) != replicas || len(fleet.free) != addresses-replicas || strings.Contains(out.String(), "by itself") {
		t.Errorf("%d pods, %d free addresses\n%s", len(fleet.pods), len(fleet.free), out)
	}
}

// A killed pod of the current version is replaced, and its address becomes free.
func TestKill(t *testing.T) {
	fleet, out := testFleet(t)
	fleet.kill() // there is no pod yet
	fleet.deploy()
	fleet.framed.Store(fleet.pods[1])
	fleet.kill()
	until(t, fleet, out, "127.0.1.2 (version 1) was killed (SIGKILL): its 0 pages reload on another pod.")
	until(t, fleet, out, "127.0.1.3 (version 1) takes the place of the killed pod.")
	if len(fleet.pods) != replicas || len(fleet.free) != addresses-replicas || fleet.free[len(fleet.free)-1].String() != "127.0.1.2" {
		t.Errorf("%d pods, and free are %v", len(fleet.pods), fleet.free)
	}
}

// A version that fails to start leaves nothing behind, and the next one has the same number.
func TestVersionThatDoesNotStart(t *testing.T) {
	fleet, out := testFleet(t)
	taken, err := net.Listen("tcp", netip.AddrPortFrom(fleet.free[1], fleet.chosen.podPort).String())
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	fleet.deploy()
	if want := "the pod on 127.0.1.2 ended at once"; fleet.current.Number != 0 || !strings.Contains(out.String(), want) {
		t.Errorf("%q lacks %q", out, want)
	}
	for len(fleet.pods) > 0 {
		(<-fleet.orders)()
	}
	fleet.deploy()
	if want := "Version 1 (teal) is up on 127.0.1.3 and 127.0.1.4"; !strings.Contains(out.String(), want) {
		t.Errorf("%q lacks %q", out, want)
	}
}
