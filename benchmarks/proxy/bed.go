package proxy

// In:  the binaries to compare.
// Out: what they need: pods, a name server, a certificate, free ports, a folder.

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
)

// Binaries are the paths of the two Caddys.
type Binaries struct{ Ours, Stock string }

const (
	// secret is no secret: everything here is on 127.0.0.0/8.
	secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	// podsEach is how many pods the compared Caddys have.
	podsEach = 3
	host     = "app.benchmark.test."
)

// bed is what the Caddys stand on. Its pods are those of index 0 and up.
type bed struct {
	binaries    Binaries
	cores       cores
	folder      string
	certificate proxy.Certificate
	names       *nameserver.Server
	pods        *pods
	podPort     int
	token       string // of the first pod
}

// newBed starts the pods.
func newBed(binaries Binaries, podCount int) (b *bed, err error) {
	b = &bed{binaries: binaries}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	for _, binary := range []*string{&b.binaries.Ours, &b.binaries.Stock} {
		if *binary, err = filepath.Abs(*binary); err != nil { // they run in folders of their own
			return b, err
		}
	}
	if b.cores, err = divide(); err != nil {
		return b, err
	}
	if err = moveSelf(b.cores.others); err != nil {
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
	var addresses []netip.Addr
	for index := range podsEach {
		addresses = append(addresses, podAddress(index))
	}
	b.names.Set(host, addresses...)
	cipher, err := doorscaddy.NewTokenCipher(secret)
	if err != nil {
		return b, err
	}
	b.token = cipher.Encode(podAddress(0))
	if b.podPort, err = freePort(); err != nil {
		return b, err
	}
	b.pods, err = startPods(b.cores.others, b.podPort, podCount)
	return b, err
}

// ours starts our Caddy with the documented configuration: one server whose host has three pods.
func (b *bed) ours() (*caddy, error) {
	return b.start(b.binaries.Ours, ourDirective(secret, b.names.Address(), b.podPort, []server{{cidr: "127.0.0.0/16", host: host}}))
}

// stock starts the stock Caddy with the same pods as static upstreams.
func (b *bed) stock() (*caddy, error) {
	return b.start(b.binaries.Stock, stockDirective(b.podPort, podsEach))
}

func (b *bed) start(binary, directive string) (*caddy, error) {
	var places places
	for _, port := range []*int{&places.admin, &places.http, &places.https} {
		var err error
		if *port, err = freePort(); err != nil {
			return nil, err
		}
	}
	return startCaddy(b.cores.caddy, binary, site(places, b.certificate, directive), b.folder, places)
}

// close ends the pods. The Caddys are ended by those who started them.
func (b *bed) close() {
	if b.pods != nil {
		b.pods.stop()
	}
	if b.names != nil {
		_ = b.names.Close()
	}
	if b.folder != "" {
		_ = os.RemoveAll(b.folder)
	}
}

// freePort finds a TCP port of 127.0.0.1 below those that systems give to outgoing connections, of which there are many here.
func freePort() (int, error) {
	// A process that is forked meanwhile would keep the socket until it executes its program.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var failures error
	for range 50 {
		port := 15000 + rand.IntN(17000)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, listener.Close()
		}
		failures = errors.Join(failures, err)
	}
	return 0, failures
}
