// In: a doors_upstream source under Caddy's own reverse_proxy handler, in a Caddy whose tables could not be taken over.
// Out: the same routing and the same answers, as far as they can be given from below the proxy loop.

package proxy

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/routing"
)

// stockTransport sits between Caddy's own proxy loop and its HTTP transport. The loop asks the source for upstreams, which is
// when the decision is taken, and then for a round trip, which is where 410 and 503 are made. What only Handler
// can do is missing here: the user's retries apply to requests of pages too, error routes do not see our answers, and TLS upstreams need
// their tls_server_name.
type stockTransport struct{ transport }

// adoptStockHandler puts a stockTransport into the handler, which is being provisioned and has got no further than
// loading the source.
func (s *Source) adoptStockHandler(ctx caddy.Context, handler *reverseproxy.Handler) error {
	if handler.Transport == nil {
		stock := new(reverseproxy.HTTPTransport)
		if err := stock.Provision(ctx); err != nil {
			return fmt.Errorf("provisioning default transport: %w", err)
		}
		handler.Transport = stock
	}
	transport, err := newTransport(handler.Transport, s)
	if err != nil {
		return err
	}
	handler.Transport = stockTransport{transport}
	if handler.LoadBalancing == nil {
		handler.LoadBalancing = new(reverseproxy.LoadBalancing)
	}
	if handler.LoadBalancing.SelectionPolicy == nil {
		handler.LoadBalancing.SelectionPolicy = reverseproxy.RandomSelection{}
	}
	s.balance(handler.LoadBalancing)
	return nil
}

// nowhere is chosen for a request that gets its answer here: the loop must choose something before it makes the round trip
// that is answered. Nothing can listen at this address.
var nowhere = &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: "0.0.0.0:0"}

// RoundTrip proxies the request, or makes the answer that the page understands.
func (t stockTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	serving := t.source.requestOf(r.Context())
	if serving == nil {
		return t.transport.RoundTrip(r)
	}
	err := errNoPod
	if serving.taken {
		var response *http.Response
		if response, err = t.transport.RoundTrip(r); err == nil && serving.taken {
			serving.shown.Announce(response.Header)
			if response.StatusCode == http.StatusSwitchingProtocols { // a body that is a connection must stay one
				serving.leave()
			} else {
				response.Body = leavingBody{response.Body, serving.leave}
			}
			return response, nil
		}
	}
	goesOn := serving.goesOn
	if serving.step.Kind == routing.StepWait {
		serving.wait()
	}
	switch {
	case serving.step.Kind == routing.StepAnswer:
		return t.answer(serving, r), nil
	case goesOn && (serving.step.Kind == routing.StepDial || serving.step.Kind == routing.StepChoose):
		return nil, reverseproxy.NewDialError(cmp.Or(err, errRefused)) // so that the loop asks for the pod
	default:
		return nil, cmp.Or(err, errRefused)
	}
}

// answer is the answer that a request gets here.
func (t stockTransport) answer(serving *request, r *http.Request) *http.Response {
	step := serving.step
	serving.leave()
	header := make(http.Header)
	serving.shown.Announce(header)
	answer := serving.answerOf(r)
	answer.describe(header)
	return &http.Response{
		Status:     strconv.Itoa(step.Status) + " " + http.StatusText(step.Status),
		StatusCode: step.Status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  header,
		Body:    io.NopCloser(strings.NewReader(answer.body)),
		Request: r,
	}
}

// leavingBody is the body of an answer whose end is the end of the request.
type leavingBody struct {
	io.ReadCloser
	leave func()
}

// Close closes the body; the proxy loop does so once, whatever becomes of the client.
func (b leavingBody) Close() error {
	b.leave()
	return b.ReadCloser.Close()
}
