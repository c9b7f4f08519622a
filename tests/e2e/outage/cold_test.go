package outage_test

import (
	"net/http"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// The first request of all may be that of a browser whose server is down: the
// others are resolved for it.
func TestServerDownFromTheStart(t *testing.T) {
	t.Parallel()
	dns, secret, port := newNameServer(t), NewSecret(32), Port(t, podA, podZ)
	serveAt(t, podZ, port, &echo{})
	resolve(dns, "down.test", podA)
	resolve(dns, "up.test", podZ)
	servers := []Server{{CIDR: "127.0.1.0/24", Host: "down.test", Port: port}, {CIDR: "127.0.2.0/24", Host: "up.test", Port: port}}
	for _, protocol := range Protocols {
		client := Start(t, Options{Config: Config{Handlers: site(dns, secret, servers, "", "")}}).NewClient(t, protocol)
		for try := range 3 {
			if answer := client.Do(Request{Path: "/", Cookie: []string{"upstream=" + Token(t, secret, podA)}}); answer.Status != http.StatusOK {
				t.Errorf("%s, try %d: status %d", protocol, try, answer.Status)
			}
		}
	}
}
