package status_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// While a large configuration is being loaded, only some of its sources exist. Until it is in
// force, the running configuration is shown.
func TestLoadingHidesNoServer(t *testing.T) {
	t.Parallel()
	const many, last = 3000, "127.0.9.9"
	secret := NewSecret(32)
	config := func(load int) Config {
		var large []Upstream
		for i := range many + load { // a different one each time, else it would not be loaded
			large = append(large, Upstream{CIDR: fmt.Sprintf("10.%d.%d.0/24", i/250, i%250), Host: "127.0.0.1", Port: 9})
		}
		var routes []string
		for _, upstreams := range [][]Upstream{{{CIDR: "127.0.1.0/24", Host: podA, Port: 9}}, large, {{CIDR: last + "/32", Host: last, Port: 9}}} {
			routes = append(routes, fmt.Sprintf(`{"match": [{"path": ["/%d/*"]}], "handle": [%s]}`, len(routes), JSON("upstreams", secret, "upstream", upstreams)))
		}
		return Config{JSON: `{"handler": "subroute", "routes": [` + strings.Join(routes, ",\n") + `]}`}
	}
	caddy := Start(t, Options{Config: config(0)})
	var stop atomic.Bool
	var asking sync.WaitGroup
	asked := 0
	asking.Go(func() {
		for ; !stop.Load(); asked++ {
			answer, err := http.Get(caddy.AdminURL("/doors/pods/" + last + "?idle=0s"))
			if err != nil { // the admin server is being replaced
				continue
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("while a configuration is being loaded: status %d", answer.StatusCode)
				return
			}
		}
	})
	for load := range 5 {
		if status, message := caddy.Load(config(load + 1)); status != http.StatusOK {
			t.Error(status, message)
		}
	}
	stop.Store(true)
	asking.Wait()
	if asked < 5 {
		t.Errorf("asked %d times", asked)
	}
}
