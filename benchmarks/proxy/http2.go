package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
)

// http2 is one of several streams on an HTTP/2 connection over TLS. It repeats a request, with its
// own buffer.
type http2 struct {
	transport *http.Transport
	request   *http.Request
	want      []byte
	body      [64]byte
}

// newHTTP2 makes a connection, and returns its streams.
func newHTTP2(address string, trust *x509.CertPool, r request, streams int) ([]connection, error) {
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: trust, ServerName: "localhost"},
		Protocols:          new(http.Protocols),
		DisableCompression: true,
	}
	transport.Protocols.SetHTTP2(true)
	var made []connection
	for range streams {
		request, err := http.NewRequest(http.MethodGet, "https://"+address+r.path, nil)
		if err != nil {
			return nil, err
		}
		request.Host = "localhost"
		request.Header.Set("User-Agent", "") // sends none, like http1
		if r.cookie != "" {
			request.Header.Set("Cookie", r.cookie)
		}
		made = append(made, &http2{transport: transport, request: request, want: []byte(r.want)})
	}
	return made, nil
}

// do sends the request and reads the answer.
func (s *http2) do() error {
	answer, err := s.transport.RoundTrip(s.request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 {
		return fmt.Errorf("the answer is %s %s", answer.Proto, answer.Status)
	}
	length := 0
	for length < len(s.body) {
		n, err := answer.Body.Read(s.body[length:])
		if length += n; err != nil {
			break // io.EOF; any other error leaves a wrong body
		}
	}
	return checkBody(s.body[:length], s.want)
}

func (s *http2) close() { s.transport.CloseIdleConnections() }
