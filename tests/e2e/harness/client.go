package harness

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
)

// Protocol is a version of HTTP.
type Protocol string

// The protocols of a browser. H1 is without TLS.
const (
	H1 Protocol = "HTTP/1.1"
	H2 Protocol = "HTTP/2.0"
	H3 Protocol = "HTTP/3.0"
)

// Protocols are all protocols.
var Protocols = []Protocol{H1, H2, H3}

// Client uses one protocol with one Caddy. It does not follow redirects or keep cookies.
type Client struct {
	Base string // scheme, host and port

	t        testing.TB
	protocol Protocol
	http     http.Client
}

// NewClient returns a client with its own connections.
func (c *Caddy) NewClient(t testing.TB, protocol Protocol) *Client {
	t.Helper()
	client := &Client{t: t, protocol: protocol, Base: fmt.Sprintf("https://localhost:%d", c.Places.HTTPS)}
	client.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	secure := &tls.Config{RootCAs: c.Places.Trust, ServerName: "localhost"}
	here := net.JoinHostPort("127.0.0.1", fmt.Sprint(c.Places.HTTPS))
	switch protocol {
	case H1:
		client.Base = fmt.Sprintf("http://127.0.0.1:%d", c.Places.HTTP)
		transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
		client.http.Transport = transport
		t.Cleanup(transport.CloseIdleConnections)
	case H2:
		transport := &http.Transport{
			DisableCompression: true, ForceAttemptHTTP2: true, TLSClientConfig: secure,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, here)
			},
		}
		client.http.Transport = transport
		t.Cleanup(transport.CloseIdleConnections)
	case H3:
		client.Base = "https://" + here
		transport := &http3.Transport{TLSClientConfig: secure, DisableCompression: true}
		client.http.Transport = transport
		t.Cleanup(func() { transport.Close() })
	}
	return client
}

// Request describes one request of a test.
type Request struct {
	Method string // default GET
	Path   string // with the query, as sent
	Cookie []string
	Header map[string]string
	Body   io.Reader
}

// Answer is a complete answer.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Took   time.Duration // until the header came
}

// Open sends a request and returns when the header of the answer has come.
func (c *Client) Open(ctx context.Context, request Request) (*http.Response, error) {
	if request.Method == "" {
		request.Method = http.MethodGet
	}
	made, err := http.NewRequestWithContext(ctx, request.Method, c.Base+request.Path, request.Body)
	if err != nil {
		return nil, err
	}
	if c.protocol == H3 {
		made.Host = "localhost" + c.Base[len("https://127.0.0.1"):]
	}
	for name, value := range request.Header {
		made.Header.Set(name, value)
	}
	if len(request.Cookie) > 0 {
		made.Header["Cookie"] = request.Cookie
	}
	answer, err := c.http.Do(made)
	if err == nil && answer.Proto != string(c.protocol) {
		answer.Body.Close()
		return nil, fmt.Errorf("the answer came over %s, not %s", answer.Proto, c.protocol)
	}
	return answer, err
}

// Try sends a request and reads the whole answer.
func (c *Client) Try(request Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	begin := time.Now()
	answer, err := c.Open(ctx, request)
	if err != nil {
		return Answer{}, err
	}
	defer answer.Body.Close()
	took := time.Since(begin)
	var body bytes.Buffer
	if _, err := io.Copy(&body, answer.Body); err != nil {
		return Answer{}, fmt.Errorf("status %d, then %w", answer.StatusCode, err)
	}
	return Answer{answer.StatusCode, answer.Header, body.String(), took}, nil
}

// Do is like Try but fails the test on error.
func (c *Client) Do(request Request) Answer {
	c.t.Helper()
	answer, err := c.Try(request)
	if err != nil {
		c.t.Fatalf("%s %s: %v", request.Method, request.Path, err)
	}
	return answer
}

// Get sends a GET without cookies or other fields.
func (c *Client) Get(path string) Answer {
	c.t.Helper()
	return c.Do(Request{Path: path})
}
