package browser

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
)

// Limits of browsers and of the Doors client.
const (
	connectionsPerHost = 6 // over HTTP/1.1
	requestTimeout     = 30 * time.Second
)

// Keep-alive times after which a broken connection is detected. Those of browsers are longer, but
// the streams here are also renewed sooner.
const (
	dialTimeout = 3 * time.Second
	pingTimeout = 5 * time.Second
)

const stickyCookie = "upstream"

// connect sets up the connections. By name they go to localhost, in fact to one of the proxies.
func (b *Browser) connect() {
	jar, _ := cookiejar.New(nil) // cannot fail without options
	port := b.world.HTTP
	transport := &http.Transport{MaxConnsPerHost: connectionsPerHost, MaxIdleConnsPerHost: connectionsPerHost}
	b.base = fmt.Sprintf("http://localhost:%d", port)
	if b.protocol == "HTTP/2" {
		port = b.world.HTTPS
		b.base = fmt.Sprintf("https://localhost:%d", port)
		transport = &http.Transport{
			ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: b.world.Trust},
			HTTP2: &http.HTTP2Config{SendPingTimeout: pingTimeout, PingTimeout: pingTimeout},
		}
	}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		dialer := net.Dialer{Timeout: dialTimeout}
		proxies := *b.world.Proxies.Load()
		return dialer.DialContext(ctx, network, netip.AddrPortFrom(proxies[rand.IntN(len(proxies))], uint16(port)).String())
	}
	b.client = &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// accepts are the Accept headers of browsers and of the Doors client.
var accepts = map[ledger.Kind]string{
	ledger.PageLoad: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
	ledger.Stream:   "application/octet-stream",
}

// request is a request of a page.
type request struct {
	kind        ledger.Kind
	method      string
	path        string
	contentType string
	body        []byte    // or
	stream      io.Reader // a body that is written while it is sent
}

// send returns when the header of the answer has come. Like a browser it repeats a request with any
// method if a persistent HTTP/1.1 connection turns out to be closed before the first byte of the
// answer. The Doors client never repeats a click, and browsers do not if it crosses a GOAWAY.
func (b *Browser) send(ctx context.Context, made *open, wanted request) (*http.Response, error) {
	var connections int
	var kept bool // the last connection was not made for this request
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart: func(_, address string) { made.goes(address) },
		GotConn: func(got httptrace.GotConnInfo) {
			if connections++; connections > 1 {
				b.world.Ledger.Repeated()
			}
			kept = got.WasIdle
			made.goes(got.Conn.RemoteAddr().String())
		},
	})
	for attempt := 1; ; attempt++ {
		asked, err := b.request(traced, wanted)
		if err != nil {
			return nil, err
		}
		answer, err := b.client.Do(asked)
		if err == nil && answer.Proto != b.protocol && answer.Proto != b.protocol+".0" {
			_ = answer.Body.Close()
			return nil, fmt.Errorf("answered over %s", answer.Proto)
		}
		// Browsers also count a connection as persistent that was made in advance and never used.
		// net/http does not.
		if err == nil || attempt == 3 || !kept || ctx.Err() != nil || wanted.stream != nil || !closedConnection(err) {
			return answer, err
		}
	}
}

func closedConnection(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (b *Browser) request(ctx context.Context, wanted request) (*http.Request, error) {
	var body io.Reader
	switch {
	case wanted.stream != nil:
		body = wanted.stream
	case wanted.body != nil:
		body = bytes.NewReader(wanted.body)
	}
	made, err := http.NewRequestWithContext(ctx, wanted.method, b.base+wanted.path, body)
	if err != nil {
		return nil, err
	}
	if wanted.contentType != "" {
		made.Header.Set("Content-Type", wanted.contentType)
	}
	if accept := accepts[wanted.kind]; accept != "" {
		made.Header.Set("Accept", accept)
	}
	if b.protocol == "HTTP/2" && wanted.method == http.MethodPost {
		made.GetBody = nil // net/http would repeat it after a GOAWAY
		return made, nil
	}
	// This lets net/http repeat any method. The field itself is not sent.
	made.Header["Idempotency-Key"] = nil
	return made, nil
}

// fetch returns the whole answer as an outcome, without passing it to the ledger.
func (b *Browser) fetch(ctx context.Context, wanted request, pod *fleet.Life) (ledger.Outcome, []byte) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	outcome := b.outcome(wanted.kind, pod)
	answer, err := b.send(ctx, outcome, wanted)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		outcome.take(answer)
	}
	return outcome.ended(err), body
}

// outcome returns a new outcome.
func (b *Browser) outcome(kind ledger.Kind, pod *fleet.Life) *open {
	return &open{Outcome: ledger.Outcome{Browser: b.number, Protocol: b.protocol, Kind: kind, Begin: time.Now(), Pod: pod}}
}

// open is an incomplete outcome.
type open struct {
	ledger.Outcome
	proxy atomic.Pointer[netip.Addr] // connections are made in other goroutines
}

// goes records the proxy, as address:port, to which the request goes.
func (o *open) goes(to string) {
	if proxy, err := netip.ParseAddrPort(to); err == nil {
		address := proxy.Addr()
		o.proxy.Store(&address)
	}
}

func (o *open) take(answer *http.Response) {
	o.Status = answer.StatusCode
	o.RetryAfter = answer.Header.Get("Retry-After") != ""
	o.HTML = strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html")
}

func (o *open) ended(err error) ledger.Outcome {
	o.Err, o.End = err, time.Now()
	if proxy := o.proxy.Load(); proxy != nil {
		o.Proxy = *proxy
	}
	return o.Outcome
}

var errNoPage = errors.New("the answer is no page")
