package decisions

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/benchmarks/purego"
	"github.com/doors-dev/doors-caddy/routing"
)

// Row is a kind of request.
type Row string

// The rows of the table.
const (
	Seen     Row = "seen token"     // system requests, all with one token
	New      Row = "new token"      // system requests with 20,000 different tokens in turn: more than any cache holds
	Forged   Row = "forged token"   // system requests with 20,000 tokens of the right length that no key opens
	Cookie   Row = "sticky cookie"  // pages with one token in the cookie, among other cookies
	NoCookie Row = "without cookie" // pages without cookies
)

// Rows are all rows, in the order of the table.
var Rows = []Row{Seen, New, Forged, Cookie, NoCookie}

// Upstreams are the numbers of upstreams to measure, with one network each.
var Upstreams = []int{1, 10, 1000, 10_000, 100_000}

const (
	secret     = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" // not a real secret: nothing can be reached with it
	cookieName = "upstream"
	tokens     = 20_000
)

// question is a request in the form of each side.
type question struct {
	path    string
	cookies string
	request *http.Request
}

// table has the routers with one number of upstreams, and tokens of pods in their networks.
type table struct {
	upstreams int
	ours      *routing.Router
	pure      *purego.Router
	middle    string // a token of a pod in the middle network, to be fair to a linear scan
	good      []string
	forged    []string
}

// newTable makes networks and tokens that are the same in every run, except for the nonces.
func newTable(upstreams int) (*table, error) {
	random := rand.New(rand.NewPCG(1, uint64(upstreams)))
	networks := networksOf(upstreams, random)
	config, err := configOf(networks)
	if err != nil {
		return nil, err
	}
	t := &table{upstreams: upstreams}
	if t.ours, err = routing.NewRouter(config); err != nil {
		return nil, err
	}
	if t.pure, err = purego.NewRouter(config); err != nil {
		return nil, err
	}
	right, err := doorscaddy.NewTokenCipher(secret)
	if err != nil {
		return nil, err
	}
	wrong, err := doorscaddy.NewTokenCipher("HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=")
	if err != nil {
		return nil, err
	}
	t.middle = right.Encode(networks[len(networks)/2].Addr().Next())
	for range tokens {
		pod := networks[random.IntN(len(networks))].Addr().As4()
		pod[3] = byte(1 + random.IntN(254))
		t.good = append(t.good, right.Encode(netip.AddrFrom4(pod)))
		t.forged = append(t.forged, wrong.Encode(netip.AddrFrom4(pod)))
	}
	return t, nil
}

// networksOf returns different IPv4 networks of 256 addresses, in random order.
func networksOf(count int, random *rand.Rand) []netip.Prefix {
	const first, all = 16 << 16, 128 << 16 // from 16.0.0.0 on, half of all addresses
	taken := make(map[uint32]bool, count)
	networks := make([]netip.Prefix, 0, count)
	for len(networks) < count {
		number := first + random.Uint32N(all)
		if !taken[number] {
			taken[number] = true
			networks = append(networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(number >> 16), byte(number >> 8), byte(number)}), 24))
		}
	}
	return networks
}

func configOf(networks []netip.Prefix) ([]byte, error) {
	type upstream struct {
		CIDR netip.Prefix `json:"cidr"`
		Host string       `json:"host"`
		Port int          `json:"port"`
	}
	upstreams := make([]upstream, len(networks))
	for i, network := range networks {
		upstreams[i] = upstream{network, fmt.Sprintf("server-%d.benchmark.test", i), 8080}
	}
	return json.Marshal(map[string]any{"secret": secret, "cookie_name": cookieName, "upstreams": upstreams})
}

// questions returns the requests of a row, to be made in turn.
func (t *table) questions(row Row) []question {
	var asked []question
	switch row {
	case Seen:
		asked = append(asked, systemRequest(t.middle))
	case New:
		for _, token := range t.good {
			asked = append(asked, systemRequest(token))
		}
	case Forged:
		for _, token := range t.forged {
			asked = append(asked, systemRequest(token))
		}
	case Cookie:
		asked = append(asked, page("session=5c1d7f0e9a2b4c6d; "+cookieName+"="+t.middle+"; theme=dark"))
	case NoCookie:
		asked = append(asked, page(""))
	}
	return asked
}

func systemRequest(token string) question {
	return question{path: "/~/" + token + "/h/instance/1", request: &http.Request{Header: http.Header{}}}
}

func page(cookies string) question {
	q := question{path: "/", cookies: cookies, request: &http.Request{Header: http.Header{}}}
	if cookies != "" {
		q.request.Header.Set("Cookie", cookies)
	}
	return q
}
