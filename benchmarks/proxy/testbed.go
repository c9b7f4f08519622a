package proxy

import (
	"os"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
)

const (
	// not a real secret: everything is on 127.0.0.0/8
	secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	// podsEach is how many pods each Caddy has.
	podsEach = 3
	host     = "app.benchmark.test."
)

// testbed is what all Caddys need: pods, a name server, a certificate, a folder. Its pods have indices
// from 0.
type testbed struct {
	binaries    contenders.Binaries
	cores       contenders.Cores
	folder      string
	certificate proxy.Certificate
	names       *nameserver.Server
	pods        *contenders.Process
	podPort     int
	token       string // of the first pod
}

// newTestbed starts the pods.
func newTestbed(binaries contenders.Binaries, podCount int) (b *testbed, err error) {
	b = &testbed{binaries: binaries}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.binaries, err = binaries.Absolute(); err != nil {
		return b, err
	}
	if b.cores, err = contenders.Divide(); err != nil {
		return b, err
	}
	if err = contenders.MoveSelf(b.cores.Others); err != nil {
		return b, err
	}
	if b.folder, err = os.MkdirTemp("", "doors-caddy-benchmark-"); err != nil {
		return b, err
	}
	if b.certificate, err = proxy.NewCertificate(b.folder); err != nil {
		return b, err
	}
	if b.names, err = nameserver.Start("127.0.0.1:0"); err != nil {
		return b, err
	}
	b.names.Set(host, podAddresses(podsEach)...)
	cipher, err := doorscaddy.NewTokenCipher(secret)
	if err != nil {
		return b, err
	}
	b.token = cipher.Encode(podAddress(0))
	if b.podPort, err = contenders.FreePort(); err != nil {
		return b, err
	}
	b.pods, err = startPods(b.cores.Others, b.folder, b.podPort, podCount)
	return b, err
}

// ours starts our Caddy with the documented configuration: one upstream whose host has three pods.
func (b *testbed) ours() (*contenders.Caddy, error) {
	return b.start(b.binaries.Ours, contenders.OurDirective(secret, b.names.Address(), b.podPort, []contenders.Upstream{{CIDR: "127.0.0.0/16", Host: host}}))
}

// stock starts the stock Caddy with the same pods as static upstreams.
func (b *testbed) stock() (*contenders.Caddy, error) {
	return b.start(b.binaries.Stock, contenders.StockDirective(b.podPort, podAddresses(podsEach)))
}

func (b *testbed) start(binary, directive string) (*contenders.Caddy, error) {
	return contenders.StartCaddy(b.cores.Proxy, binary, b.folder, b.certificate, directive)
}

// close ends the pods. Callers end the Caddys that they started.
func (b *testbed) close() {
	if b.pods != nil {
		b.pods.Stop()
	}
	if b.names != nil {
		_ = b.names.Close()
	}
	if b.folder != "" {
		_ = os.RemoveAll(b.folder)
	}
}
