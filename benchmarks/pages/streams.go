package pages

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

// Protocol is the protocol between browser and proxy.
type Protocol string

// The protocols.
const (
	HTTP1 Protocol = "h1" // HTTP/1.1 without TLS
	HTTP2 Protocol = "h2" // HTTP/2 over TLS
)

// patience is how long the pod may take to see opened streams, on a busy machine.
const patience = 30 * time.Second

// atOnce is how many streams are opened before checking that the pod has them, so that no
// connection backlog overflows.
const atOnce = 64

// page is a browser's page with its stream.
type page struct {
	places   contenders.Places
	trust    *x509.CertPool
	token    string
	instance string
	dialer   net.Dialer
}

// header returns the header of a browser.
func (p *page) header() http.Header {
	return http.Header{
		"Accept":             {"application/octet-stream"},
		"Accept-Encoding":    {"gzip, deflate, br, zstd"},
		"Accept-Language":    {"en-GB,en;q=0.9"},
		"Cache-Control":      {"no-cache"},
		"Cookie":             {"appID=" + p.token + p.token + "; " + contenders.CookieName + "=" + p.token},
		"Pragma":             {"no-cache"},
		"Referer":            {"https://localhost/orders/4711"},
		"Sec-Ch-Ua":          {`"Chromium";v="142", "Not_A Brand";v="99"`},
		"Sec-Ch-Ua-Mobile":   {"?0"},
		"Sec-Ch-Ua-Platform": {`"Linux"`},
		"Sec-Fetch-Dest":     {"empty"},
		"Sec-Fetch-Mode":     {"cors"},
		"Sec-Fetch-Site":     {"same-origin"},
		"User-Agent":         {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"},
	}
}

func (p *page) path() string { return "/~/" + p.token + "/s/" + p.instance + "?t=1&b=0123456789abcdef" }

// open opens the stream. It returns when the request is sent, or when the first frame has come if
// the pod sends one. An answer that ends the stream is an error of failed.
func (p *page) open(protocol Protocol) (stream, error) {
	if protocol == HTTP1 {
		return p.openHTTP1()
	}
	return p.openHTTP2()
}

// stream is an open stream.
type stream interface{ close() }

// streams are all open streams.
type streams []stream

// openStreams opens pages until the pod has count more streams than before.
func openStreams(p page, protocol Protocol, pod *pod, count int) (all streams, err error) {
	defer func() {
		if err != nil {
			all.close()
		}
	}()
	before, err := pod.open()
	if err != nil {
		return nil, err
	}
	for len(all) < count {
		opened := make([]stream, min(atOnce, count-len(all)))
		failures := make([]error, len(opened))
		var opening sync.WaitGroup
		for i := range opened {
			opening.Go(func() { opened[i], failures[i] = p.open(protocol) })
		}
		opening.Wait()
		for i, one := range opened {
			if failures[i] == nil {
				all = append(all, one)
			}
		}
		if err := errors.Join(failures...); err != nil {
			return all, err
		}
		if err := pod.await(before + len(all)); err != nil {
			return all, err
		}
	}
	return all, nil
}

// await waits until the pod has the given number of streams.
func (p *pod) await(count int) error {
	for limit := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		open, err := p.open()
		if err != nil || open == count {
			return err
		}
		if time.Now().After(limit) {
			return fmt.Errorf("the pod has %d streams and not %d", open, count)
		}
	}
}

func (all streams) close() {
	for _, one := range all {
		one.close()
	}
}
