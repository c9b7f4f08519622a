package scale_test

import (
	"net/http"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// Old routers in the library's memory must be freed, although Go's garbage collector does not see
// that memory. A leak of 66 KB per reload would be noticed: a thousand of those would double the
// size of the process.
func TestReloadsKeepMemory(t *testing.T) {
	const reloads = 1000
	upstreams, collections := 200, 100
	if *limits {
		upstreams, collections = 1000, reloads
	}
	cluster := NewCluster(t, pod.Config{}, lastPod)
	dns, err := nameserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	configs := [2]Config{{JSON: handler(cluster, dns, upstreams)}, {JSON: handler(cluster, dns, upstreams*3/4)}}
	caddy := Start(t, Options{Config: configs[0]})
	collect := func() usage {
		if status, _ := caddy.Admin("GET", "/debug/pprof/heap?gc=1", "", nil); status != http.StatusOK {
			t.Fatalf("forcing a collection: status %d", status)
		}
		return usageOf(t, caddy)
	}
	one := collect()
	for number := 1; number <= reloads; number++ {
		if status, message, err := caddy.Reload(configs[number%2]); err != nil || status != http.StatusOK {
			t.Fatalf("reload %d: status %d, %v: %.500s", number, status, err, message)
		}
		if number%(reloads/collections) == 0 {
			collect()
		}
	}
	end := collect()
	t.Logf("%d reloads of %d upstreams: %d MB with one, %d MB after the last, %d MB at most; CPU %v",
		reloads, upstreams, one.memory>>20, end.memory>>20, end.peak>>20, end.cpu-one.cpu)
	if end.peak > 2*one.memory {
		t.Errorf("%d reloads took %d bytes, more than twice the %d of one", reloads, end.peak, one.memory)
	}
}
