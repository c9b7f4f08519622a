package pages

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
)

// http2 is an HTTP/2 connection over TLS with a waiting stream.
type http2 struct {
	transport *http.Transport
	cancel    context.CancelFunc
}

func (p *page) openHTTP2() (stream, error) {
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: p.trust, ServerName: "localhost"},
		Protocols:          new(http.Protocols),
		DisableCompression: true,
		DialContext:        p.dialer.DialContext,
	}
	transport.Protocols.SetHTTP2(true)
	ctx, cancel := context.WithCancel(context.Background())
	s := &http2{transport, cancel}
	sent := make(chan error, 2)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if p.instance == silent {
			sent <- info.Err
		}
	}})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d%s", p.places.HTTPS, p.path()), nil)
	if err != nil {
		cancel()
		return nil, err
	}
	request.Host = "localhost"
	request.Header = p.header()
	go func() {
		answer, err := transport.RoundTrip(request)
		if err == nil && answer.ProtoMajor != 2 {
			err = fmt.Errorf("the answer is of %s", answer.Proto)
		}
		if err == nil {
			err = readFrame(answer)
		}
		sent <- err
	}()
	if err := <-sent; err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *http2) close() {
	s.cancel()
	s.transport.CloseIdleConnections()
}

// readFrame reads the first frame of an answer.
func readFrame(answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", answer.Status)
	}
	got := make([]byte, len(frame))
	if _, err := io.ReadFull(answer.Body, got); err != nil || string(got) != frame {
		return fmt.Errorf("the first frame is %q, %v", got, err)
	}
	return nil
}
