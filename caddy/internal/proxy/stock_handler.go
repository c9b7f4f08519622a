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

// stockTransport serves a source under Caddy's own reverse_proxy handler, if that could not be
// replaced. Caddy's proxy loop first asks the source for upstreams, which begins the request, and
// then for a round trip, which writes 410 and 503. Only Handler can do the rest: here the user's
// retries apply to requests of pages too, error routes do not see our answers, and TLS upstreams
// need tls_server_name.
type stockTransport struct{ transport }

// adoptStockHandler puts a stockTransport into a handler that is being provisioned and has just
// loaded the source.
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
	handler.LoadBalancing = cmp.Or(handler.LoadBalancing, new(reverseproxy.LoadBalancing))
	lb := handler.LoadBalancing
	lb.SelectionPolicy = cmp.Or[reverseproxy.Selector](lb.SelectionPolicy, reverseproxy.RandomSelection{})
	s.balance(lb)
	return nil
}

// nowhere is the upstream of a request that is answered here: the loop needs one before it makes
// the round trip. Nothing can listen at this address.
var nowhere = &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: "0.0.0.0:0"}

// RoundTrip proxies the request, or makes the answer itself.
func (t stockTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	serving := t.source.requestOf(r.Context())
	if serving == nil {
		return t.transport.RoundTrip(r)
	}
	err := errNoPod
	if serving.taken {
		var response *http.Response
		if response, err = t.transport.RoundTrip(r); err == nil && serving.taken {
			serving.shown.SetDecisionHeader(response.Header)
			if response.StatusCode == http.StatusSwitchingProtocols { // a body that is a connection must remain one
				serving.end()
			} else {
				response.Body = endingBody{response.Body, serving.end}
			}
			return response, nil
		}
	}
	mayRestart := serving.mayRestart
	if serving.step.Kind == routing.StepWait {
		serving.wait()
	}
	switch {
	case serving.step.Kind == routing.StepAnswer:
		return t.answer(serving, r), nil
	case mayRestart && (serving.step.Kind == routing.StepDial || serving.step.Kind == routing.StepChoose):
		return nil, reverseproxy.NewDialError(cmp.Or(err, errRefused)) // makes the loop ask for the next pod
	default:
		return nil, cmp.Or(err, errRefused)
	}
}

// answer returns the answer to a request that no pod can answer.
func (t stockTransport) answer(serving *request, r *http.Request) *http.Response {
	step := serving.step
	serving.end()
	header := make(http.Header)
	serving.shown.SetDecisionHeader(header)
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

// endingBody ends the request when the answer's body is closed.
type endingBody struct {
	io.ReadCloser
	end func()
}

// Close closes the body. The proxy loop calls it exactly once.
func (b endingBody) Close() error {
	b.end()
	return b.ReadCloser.Close()
}
