package pages

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
)

// Options say how much to measure.
type Options struct {
	Rounds  int           // number of times that all proxies are started
	Streams int           // open pages
	Pause   time.Duration // between two readings of the memory
	Log     io.Writer     // progress
}

// Full is for published figures, Quick for a first look, Smoke for a test.
var (
	Full  = Options{Rounds: 3, Streams: 4000, Pause: 500 * time.Millisecond}
	Quick = Options{Rounds: 1, Streams: 1000, Pause: 200 * time.Millisecond}
	Smoke = Options{Rounds: 1, Streams: 200, Pause: 20 * time.Millisecond}
)

// Comparison is the memory per page, in bytes, for each round. Figures with the same index are from
// the same round.
type Comparison struct {
	Streams  int       `json:"streams"`  // at the same time
	Protocol Protocol  `json:"protocol"` // of the browsers
	Framed   bool      `json:"framed"`   // the pod has sent a first frame
	Ours     []float64 `json:"ours"`     // with HTTP/1.1 to the pod, like the next two
	Stock    []float64 `json:"stock"`    // a stock Caddy
	Nginx    []float64 `json:"nginx"`    // Debian's nginx
	OursH2C  []float64 `json:"ours_h2c"` // with HTTP/2 without TLS to the pod
}

const (
	// not a real secret: everything is on 127.0.0.0/8
	secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	host   = "app.benchmark.test."
	h2c    = "transport http {\n\t\tversions h2c 2\n\t}"
	// warmUp is how many streams a proxy has served before its memory is read.
	warmUp = atOnce
)

// testbed is what all proxies need.
type testbed struct {
	binaries    contenders.Binaries
	cores       contenders.Cores
	folder      string
	certificate contenders.Certificate
	names       *nameserver.Server
	token       string
}

func newTestbed(binaries contenders.Binaries) (b *testbed, err error) {
	b = &testbed{}
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
	if b.folder, err = os.MkdirTemp("", "doors-caddy-pages-"); err != nil {
		return b, err
	}
	if b.certificate, err = proxy.NewCertificate(b.folder); err != nil {
		return b, err
	}
	port, err := contenders.FreePort() // nothing listens on a free port, so no connection is served
	if err != nil {
		return b, err
	}
	if b.names, err = nameserver.Start(fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		return b, err
	}
	b.names.Set(host, podAddress)
	cipher, err := doorscaddy.NewTokenCipher(secret)
	if err == nil {
		b.token = cipher.Encode(podAddress)
	}
	return b, err
}

func (b *testbed) close() {
	if b.names != nil {
		_ = b.names.Close()
	}
	if b.folder != "" {
		_ = os.RemoveAll(b.folder)
	}
}

// contender is a running proxy.
type contender struct {
	*contenders.Process
	places  contenders.Places
	collect func(contenders.Places) error
}

// ours starts our Caddy with the documented configuration.
func (b *testbed) ours(more ...string) func(pod *pod, streams int) (contender, error) {
	return func(pod *pod, _ int) (contender, error) {
		return b.caddy(b.binaries.Ours, contenders.OurDirective(secret, b.names.Address(), pod.port, []contenders.Upstream{{CIDR: "127.0.1.0/24", Host: host}}, more...))
	}
}

// stock starts the stock Caddy.
func (b *testbed) stock(pod *pod, _ int) (contender, error) {
	return b.caddy(b.binaries.Stock, contenders.StockDirective(pod.port, []netip.Addr{podAddress}))
}

func (b *testbed) caddy(binary, directive string) (contender, error) {
	started, err := contenders.StartCaddy(b.cores.Proxy, binary, b.folder, b.certificate, directive)
	if err != nil {
		return contender{}, err
	}
	return contender{started.Process, started.Places, collect}, nil
}

func (b *testbed) nginx(pod *pod, streams int) (contender, error) {
	// Each page needs two connections. If few are left, nginx closes those that wait for a request.
	const connections = 3
	started, err := contenders.StartNginx(b.cores.Proxy, b.folder, b.certificate, netip.AddrPortFrom(podAddress, uint16(pod.port)), connections*(streams+warmUp))
	if err != nil {
		return contender{}, err
	}
	return contender{started.Process, started.Places, func(contenders.Places) error { return nil }}, nil
}

// Compare measures streams of both protocols, with a pod that has sent a frame and with a silent
// one.
func Compare(binaries contenders.Binaries, options Options) ([]Comparison, error) {
	b, err := newTestbed(binaries)
	if err != nil {
		return nil, err
	}
	defer b.close()
	var all []Comparison
	for _, protocol := range []Protocol{HTTP1, HTTP2} {
		for _, framed := range []bool{true, false} {
			all = append(all, Comparison{Streams: options.Streams, Protocol: protocol, Framed: framed})
		}
	}
	for range options.Rounds {
		for i := range all {
			c := &all[i]
			for _, one := range []struct {
				name    string
				start   func(*pod, int) (contender, error)
				figures *[]float64
			}{{"ours", b.ours(), &c.Ours}, {"stock", b.stock, &c.Stock}, {"nginx", b.nginx, &c.Nginx}, {"ours, h2c", b.ours(h2c), &c.OursH2C}} {
				memory, err := b.perStream(one.start, c.Protocol, instance(c.Framed), options)
				if err != nil {
					return nil, fmt.Errorf("pages of %s over %s: %w", one.name, c.Protocol, err)
				}
				*one.figures = append(*one.figures, memory)
				_, _ = fmt.Fprintf(options.Log, "  pages over %s, %s, %s: %.1f KB each\n", c.Protocol, instance(c.Framed), one.name, memory/1000)
			}
		}
	}
	return all, nil
}

func instance(hasFrame bool) string {
	if hasFrame {
		return framed
	}
	return silent
}

// perStream starts a proxy and a pod and opens streams.
func (b *testbed) perStream(start func(*pod, int) (contender, error), protocol Protocol, instance string, options Options) (float64, error) {
	pod, err := startPod(b.cores.Others, b.folder)
	if err != nil {
		return 0, err
	}
	defer pod.Kill()
	proxy, err := start(pod, options.Streams)
	if err != nil {
		return 0, err
	}
	defer proxy.Kill()
	page := page{places: proxy.places, trust: b.certificate.Trust, token: b.token, instance: instance}
	memory := func() (float64, error) {
		if err := proxy.collect(proxy.places); err != nil {
			return 0, err
		}
		return settled(proxy.PID(), options.Pause)
	}
	streams, err := openStreams(page, protocol, pod, warmUp)
	if err != nil {
		return 0, err
	}
	streams.close()
	if err := pod.await(0); err != nil {
		return 0, err
	}
	before, err := memory()
	if err != nil {
		return 0, err
	}
	if streams, err = openStreams(page, protocol, pod, options.Streams); err != nil {
		return 0, err
	}
	defer streams.close()
	after, err := memory()
	return (after - before) / float64(options.Streams), err
}
