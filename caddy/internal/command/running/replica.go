package running

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/redact"
)

// addressHelp is the help text about --address.
const addressHelp = `
An address is host:port or the URL of doors_status, or host:port or unix//path of an
admin API. A host name with several addresses means all of them, except localhost.
Without --address, the command uses the admin API of the Caddy on this machine.`

// maxAnswer is larger than any state, in bytes.
const maxAnswer = 64 << 20

// replica is one running Caddy.
type replica struct {
	name   string  // for output: the address as given and, if it stands for several, which one
	base   url.URL // the path has no trailing slash
	client http.Client
	origin string // the Origin that the admin API requires; empty for a socket

	// apis are the APIs that may be there. The first one that answers is kept.
	apis []api

	// lookup resolves the replica's name. It is nil if the replica was given by address.
	lookup func(ctx context.Context) ([]netip.Addr, error)
	place  netip.Addr // its address in the answer
}

// vanished reports whether the replica's name no longer has its address: another replica has taken
// its place.
func (r *replica) vanished(ctx context.Context) bool {
	if r.lookup == nil {
		return false
	}
	addresses, err := r.lookup(ctx)
	return err == nil && !slices.Contains(addresses, r.place)
}

// api is a way to ask about pods.
type api int

const (
	site  api = iota // doors_status
	admin            // the admin API
)

// question is a request: its path for each api, and its query. If it has a method it is an order,
// and a body is sent as JSON.
type question struct {
	method string // "" for GET
	path   [2]string
	query  url.Values
	body   any
}

// newReplica returns a replica that is always dialled at the given address.
func newReplica(name string, base url.URL, network, address string, apis ...api) *replica {
	base.Path = strings.TrimRight(base.Path, "/")
	origin := ""
	if network != "unix" {
		origin = base.Scheme + "://" + base.Host
	}
	return &replica{name: name, base: base, origin: origin, apis: apis, client: http.Client{
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// lookupHost is replaced in tests.
var lookupHost = net.DefaultResolver.LookupNetIP

// replicasOf returns all replicas that the given addresses stand for. Without addresses it returns
// the Caddy of this machine.
func replicasOf(ctx context.Context, addresses ...string) (replicas []*replica, err error) {
	if len(addresses) == 0 {
		local, err := caddycmd.DetermineAdminAPIAddress("", nil, "", "")
		if err != nil {
			return nil, err
		}
		if replicas, err = replicasAt(ctx, local); err != nil {
			return nil, err
		}
		replicas[0].apis = []api{admin}
		return replicas[:1], nil
	}
	for _, address := range addresses {
		found, err := replicasAt(ctx, address)
		if err != nil {
			return nil, err
		}
		replicas = append(replicas, found...)
	}
	return replicas, nil
}

// replicasAt returns all replicas that an address stands for.
func replicasAt(ctx context.Context, text string) ([]*replica, error) {
	base, network, address, err := parseAddress(text)
	name := nameOf(text, base)
	if err != nil {
		return nil, fmt.Errorf("--address %s: %w", name, err)
	}
	if network == "unix" {
		if _, err := os.Stat(address); err != nil && redact.MayHoldKey(address) {
			return nil, fmt.Errorf("--address %s: %w", name, err) // the name tells which address failed
		}
		return []*replica{newReplica(text, base, network, address, admin)}, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--address %s: %w", name, err)
	}
	_, notAnAddress := netip.ParseAddr(host)
	if notAnAddress == nil || host == "localhost" { // one Caddy: programs often listen on only one of the two addresses of localhost
		return []*replica{newReplica(name, base, network, address, site, admin)}, nil
	}
	lookup := func(ctx context.Context) ([]netip.Addr, error) {
		return lookupHost(ctx, "ip", host)
	}
	addresses, err := lookup(ctx)
	if err != nil {
		return nil, fmt.Errorf("--address %s: %w", name, err)
	}
	var replicas []*replica
	for _, one := range addresses {
		place := net.JoinHostPort(one.Unmap().String(), port)
		r := newReplica(name+" ("+place+")", base, network, place, site, admin)
		r.lookup, r.place = lookup, one
		replicas = append(replicas, r)
	}
	return replicas, nil
}

// nameOf returns an address of the command line for output, without a password.
func nameOf(text string, base url.URL) string {
	at := strings.LastIndex(text, "@")
	switch {
	case strings.Contains(text, "://") && base.Host != "":
		return base.Redacted()
	case at >= 0 && !strings.HasPrefix(text, "unix/"):
		return "xxxxx" + text[at:]
	default:
		return text
	}
}

// parseAddress parses an address of the command line. It returns the base URL of requests and the
// address to dial.
func parseAddress(text string) (base url.URL, network, address string, err error) {
	if strings.Contains(text, "://") {
		parsed, err := url.Parse(text)
		switch {
		case err != nil:
			return base, "", "", errors.New("not a valid URL")
		case parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "":
			return *parsed, "", "", errors.New("a URL must be http:// or https:// with a host")
		}
		port := parsed.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[parsed.Scheme]
		}
		return *parsed, "tcp", net.JoinHostPort(parsed.Hostname(), port), nil
	}
	parsed, err := caddy.ParseNetworkAddress(text)
	switch {
	case err != nil:
		return base, "", "", err
	case parsed.IsUnixNetwork():
		// Over a socket the admin API accepts only this host.
		path, _, _ := strings.Cut(parsed.Host, "|") // a listener address may have permissions
		return url.URL{Scheme: "http", Host: "127.0.0.1"}, "unix", path, nil
	case parsed.Network != "tcp" || parsed.PortRangeSize() != 1 || parsed.StartPort == 0:
		return base, "", "", errors.New("must be host:port, a URL, or unix//path")
	}
	host := parsed.Host
	if host == "" {
		host = "localhost"
	}
	address = net.JoinHostPort(host, strconv.FormatUint(uint64(parsed.StartPort), 10))
	return url.URL{Scheme: "http", Host: address}, "tcp", address, nil
}

// get sends the question, and decodes the answer into document if its status is wanted. Any other
// status is a *refusal.
func (r *replica) get(ctx context.Context, q question, document any, wanted ...int) error {
	var err error
	for i, api := range r.apis {
		var refused *refusal
		err = r.ask(ctx, api, q, document, wanted)
		if err == nil {
			r.apis = r.apis[i : i+1]
		}
		if !errors.As(err, &refused) || !refused.byOthers() {
			break
		}
	}
	return err
}

func (r *replica) ask(ctx context.Context, api api, q question, document any, wanted []int) error {
	target := r.base
	target.Path += q.path[api]
	target.RawQuery = q.query.Encode()
	var sent io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, q.method, target.String(), sent)
	if err != nil {
		return err
	}
	if sent != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if api == admin && r.origin != "" {
		request.Header.Set("Origin", r.origin)
	}
	answer, err := r.client.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; check that Caddy is running, and that --address is its admin endpoint or its doors_status", withoutURL(err))
	}
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return err
	}
	if slices.Contains(wanted, answer.StatusCode) && isJSON(answer) && json.Unmarshal(body, document) == nil {
		return nil
	}
	refused := &refusal{status: answer.StatusCode}
	if len(r.apis) == 1 {
		refused.api = api
	}
	if isJSON(answer) {
		var fault struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(body, &fault)
		refused.message = fault.Error
	}
	return refused
}

func isJSON(answer *http.Response) bool {
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// withoutURL removes the URL from an error of net/http: errors name the replica already.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// refusal is an answer with an unexpected status or body.
type refusal struct {
	status  int
	api     api    // the only one asked
	message string // from doors_status or the admin API; "" if another server answered
}

// Error returns the status and the reason given by the server.
func (r *refusal) Error() string {
	switch {
	case r.message == "" && r.api == admin:
		return fmt.Sprintf("answered with status %d; this is not the admin API of a Caddy with doors-caddy", r.status)
	case r.message == "":
		return fmt.Sprintf("answered with status %d; this is neither doors_status nor the admin API of a Caddy with doors-caddy", r.status)
	}
	return fmt.Sprintf("answered with status %d: %s", r.status, r.message)
}

// byOthers reports whether another server than the api answered.
func (r *refusal) byOthers() bool {
	return r.message == "" && r.status < http.StatusInternalServerError
}
