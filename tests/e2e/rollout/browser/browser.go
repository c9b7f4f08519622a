package browser

import (
	"context"
	"crypto/x509"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

// World is shared by all browsers.
type World struct {
	Fleet  *fleet.Fleet
	Ledger *ledger.Ledger

	Proxies     atomic.Pointer[[]netip.Addr] // a load balancer sends each new connection to one of them
	HTTP, HTTPS int                          // their ports
	Trust       *x509.CertPool

	Roll  time.Duration // how often streams are renewed
	Think time.Duration // average time between two actions of a visitor
	Stay  time.Duration // average time on a page
}

// Browser plays one visitor after the other.
type Browser struct {
	world    *World
	number   int
	protocol string
	base     string
	client   *http.Client
	random   *rand.Rand // for the goroutine of Run
	stays    bool       // stays on one page for a long time and follows no links

	current atomic.Pointer[page] // the open page, or nil
}

// New returns a browser. Two of three use HTTP/2, and one of eight stays on a page for a long time.
func New(world *World, number int) *Browser {
	b := &Browser{
		world: world, number: number, protocol: "HTTP/2",
		random: rand.New(rand.NewPCG(uint64(number), 1)),
		stays:  number%8 == 0,
	}
	if number%3 == 0 {
		b.protocol = "HTTP/1.1"
	}
	b.connect()
	return b
}

// pagesEach is the average number of pages of a visit.
const pagesEach = 4

// goHome removes cookies and connections: the next visitor is new.
func (b *Browser) goHome() {
	b.client.CloseIdleConnections()
	b.connect()
}

// Run makes visits until ctx is done, or until the visitor is stranded: an error page never loads
// anything again.
func (b *Browser) Run(ctx context.Context) {
	defer func() { b.client.CloseIdleConnections() }()
	path := "/"
	var before *page
	for ctx.Err() == nil {
		opened, failed := b.load(ctx, path)
		switch {
		case opened != nil:
		case failed.lost:
			return
		default:
			pause(ctx, failed.again)
			continue
		}
		if before != nil && (before.told || before.pod.WasKilled()) {
			b.world.Ledger.Harmed(before.pod, before.missed(), time.Now())
		}
		b.current.Store(opened)
		path = opened.live(ctx)
		b.current.Store(nil)
		before = opened
		if !opened.told && b.random.IntN(pagesEach) == 0 {
			b.goHome()
			path, before = "/", nil
		}
	}
}

// Lives reports whether a page is open whose pod is alive and has sent data on its stream, and when
// the page was loaded.
func (b *Browser) Lives() (loaded time.Time, lives bool) {
	opened := b.current.Load()
	if opened == nil {
		return time.Time{}, false
	}
	return opened.loaded, opened.spoke.Load() && !opened.pod.WasKilled()
}

// between returns a random duration around an average.
func (b *Browser) between(average time.Duration) time.Duration {
	return time.Duration((0.5 + b.random.Float64()) * float64(average))
}

// pause waits. It returns false if ctx ended first.
func pause(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
