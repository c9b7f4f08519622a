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

// The protocols a browser may use. H1 is clear text.
const (
	H1 Protocol = "HTTP/1.1"
	H2 Protocol = "HTTP/2.0"
	H3 Protocol = "HTTP/3.0"
)

// Protocols are all of them.
var Protocols = []Protocol{H1, H2, H3}

// Client speaks one protocol with one Caddy. It follows no redirect and keeps
// no cookies.
type Client struct {
	Base string // scheme, host and port

	t        testing.TB
	protocol Protocol
	http     http.Client
}

// NewClient makes a client with connections of its own.
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
	Path   string // with the query, as it goes over the wire
	Cookie []string
	Header map[string]string
	Body   io.Reader
}

// Answer is a whole answer.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Took   time.Duration // until the headers were there
}

// Open sends a request and returns as soon as the headers of the answer are there.
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

// Do is Try that fails the test.
func (c *Client) Do(request Request) Answer {
	c.t.Helper()
	answer, err := c.Try(request)
	if err != nil {
		c.t.Fatalf("%s %s: %v", request.Method, request.Path, err)
	}
	return answer
}

// Get is a GET without anything else.
func (c *Client) Get(path string) Answer {
	c.t.Helper()
	return c.Do(Request{Path: path})
}
