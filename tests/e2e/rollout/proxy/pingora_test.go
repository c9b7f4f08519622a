package proxy

import (
	"flag"
	"net/netip"
	"runtime"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// The proxy takes minutes to build, so only `scripts/test.sh pingora` tests it.
var binary = flag.String("pingora", "", "path of the proxy of examples/pingora-proxy")

func TestPingora(t *testing.T) {
	if *binary == "" {
		t.Skip("-pingora is not given")
	}
	runtime.LockOSThread() // see Start
	defer runtime.UnlockOSThread()
	names, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	pod := netip.MustParseAddr("127.0.1.1")
	names.Set(fleet.Host(0), pod)
	folder := t.TempDir()
	certificate, err := NewCertificate(folder)
	if err != nil {
		t.Fatal(err)
	}
	port := harness.Port(t, "127.0.0.1")
	replica, err := Start(Config{
		Program: pingora{}, Binary: *binary, HTTP: port, HTTPS: harness.Port(t, "127.0.0.1"), Secret: harness.NewSecret(32),
		Upstreams: 1, PodPort: harness.Port(t, pod.String()), Resolver: names.Address(), Certificate: certificate,
	}, netip.MustParseAddr("127.0.0.1"), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer replica.Kill()
	harness.LeaveWhileWaiting(t, port)
	harness.LastChoice(t, port, netip.AddrPortFrom(pod, uint16(replica.config.PodPort)).String())
}
