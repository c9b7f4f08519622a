package status

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// evicting is a fake Evictor that records orders. It has one eviction of 10.0.0.7.
type evicting struct {
	fake
	orders  []Order
	undone  []Target
	missing bool // there is no eviction
	refused error
}

func (e *evicting) Evict(order Order) ([]Eviction, error) {
	e.orders = append(e.orders, order)
	return []Eviction{{Network: "10.0.0.7/32", Draining: 1, Pages: 3}}, e.refused
}

func (e *evicting) Undo(target Target) ([]Eviction, error) {
	e.undone = append(e.undone, target)
	return e.Evictions(target)
}

func (e *evicting) Evictions(Target) ([]Eviction, error) {
	found := []Eviction{{Network: "10.0.0.7/32", Drained: 1}}
	if time.Since(e.busyUntil) < 0 {
		found = []Eviction{{Network: "10.0.0.7/32", Draining: 1, Pages: 3}}
	}
	if e.missing {
		found = []Eviction{}
	}
	return found, e.broken
}

// order sends an order to the admin API.
func (e *evicting) order(t *testing.T, method, query, body string) (answer *httptest.ResponseRecorder, said Evictions) {
	t.Helper()
	answer = httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), method, "/doors/evictions"+query, strings.NewReader(body))
	Responder{e, e, nil}.ServeAPI(answer, request, strings.TrimPrefix(request.URL.Path, "/doors"))
	if answer.Code < 400 && method != http.MethodHead {
		if err := json.Unmarshal(answer.Body.Bytes(), &said); err != nil || said.Evictions == nil {
			t.Errorf("%s %s: %s, %v", method, query, answer.Body, err)
		}
	}
	return answer, said
}

func TestOrders(t *testing.T) {
	pod, network := netip.MustParseAddr("10.0.0.7"), netip.MustParsePrefix("10.0.0.0/24")
	for body, want := range map[string]Order{
		`{"pod": "10.0.0.7"}`:                                  {Target{Pod: pod}, 0, false},
		`{"pod": "::ffff:10.0.0.7", "rate": 5}`:                {Target{Pod: pod}, 5, false},
		`{"network": "10.0.0.0/24", "idle_first": true}`:       {Target{Network: network}, 0, true},
		`{"upstream": "app.test:80", "rate": 4294967295}`:      {Target{Upstream: "app.test:80"}, 4294967295, false},
		`{"upstream": "app.test:80", "network":"10.0.0.0/24"}`: {Target{Network: network, Upstream: "app.test:80"}, 0, false},
	} {
		var e evicting
		answer, said := e.order(t, http.MethodPost, "", body)
		if answer.Code != http.StatusOK || !reflect.DeepEqual(e.orders, []Order{want}) || len(said.Evictions) != 1 {
			t.Errorf("%s: %d %s, %+v", body, answer.Code, answer.Body, e.orders)
		}
		// An order survives encoding and parsing.
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		e.orders = nil
		e.order(t, http.MethodPost, "", string(text))
		if !reflect.DeepEqual(e.orders, []Order{want}) {
			t.Errorf("%s: %+v", text, e.orders)
		}
		if answer, _ := e.order(t, http.MethodDelete, "?"+want.Target.Query().Encode(), ""); answer.Code != http.StatusOK || !reflect.DeepEqual(e.undone, []Target{want.Target}) {
			t.Errorf("%s: %d %s, %+v", want.Target.Query().Encode(), answer.Code, answer.Body, e.undone)
		}
	}
}

// An invalid order changes nothing and is not shown in the error.
func TestBadOrders(t *testing.T) {
	for body, why := range map[string]string{
		``: "must be JSON", `canary`: "must be JSON", `["canary"]`: "must be JSON", `{"canary": 1}`: "without other members", `{"pod": "10.0.0.7"} {"canary": 1}`: "with nothing after it",
		`{}`: "the target is missing", `{"rate": 1}`: "the target is missing", `{"pod": "canary"}`: "pod: must be", `{"pod": "10.0.0.7:80"}`: "pod: must be", `{"pod": "fe80::1%canary"}`: "pod: must be", `{"pod": 7}`: "must be JSON",
		`{"network": "canary"}`: "network: must be", `{"network": "10.0.0.0"}`: "network: must be", `{"network": "10.0.0.7/24"}`: "write 10.0.0.0/24", `{"network": "10.0.0.0/33"}`: "network: must be",
		`{"pod": "10.0.0.7", "network": "10.0.0.0/24"}`: "remove one of them", `{"pod": "10.0.0.7", "rate": -1}`: "out of range", `{"pod": "10.0.0.7", "rate": 4294967296}`: "out of range", `{"pod": "10.0.0.7", "idle_first": "canary"}`: "has the wrong type",
		`{"pod": "` + strings.Repeat("1", maxOrder) + `"}`: "must be JSON",
	} {
		var e evicting
		answer, _ := e.order(t, http.MethodPost, "", body)
		if answer.Code != http.StatusBadRequest || e.orders != nil || !strings.Contains(answer.Body.String(), why) || strings.Contains(answer.Body.String(), "canary") {
			t.Errorf("%.60s: %d %s, %+v", body, answer.Code, answer.Body, e.orders)
		}
	}
	for query, why := range map[string]string{"": "the target is missing", "?pod=canary": "pod: must be", "?network=canary": "network: must be", "?pod=10.0.0.7&network=10.0.0.0/24": "remove one of them"} {
		var e evicting
		answer, _ := e.order(t, http.MethodDelete, query, "")
		if answer.Code != http.StatusBadRequest || e.undone != nil || !strings.Contains(answer.Body.String(), why) || strings.Contains(answer.Body.String(), "canary") {
			t.Errorf("DELETE %s: %d %s, %+v", query, answer.Code, answer.Body, e.undone)
		}
		if answer, _ := e.order(t, http.MethodGet, query, ""); query != "" && answer.Code != http.StatusBadRequest {
			t.Errorf("GET %s: %d %s", query, answer.Code, answer.Body)
		}
	}
	e := evicting{refused: Refuse(http.StatusConflict, "there are too many"), missing: true}
	for _, row := range []struct {
		method, query, body string
		status              int
	}{
		{"POST", "", `{"pod": "10.0.0.7"}`, 409}, {"DELETE", "?pod=10.0.0.7", "", 404}, {"GET", "?pod=10.0.0.7", "", 404}, {"GET", "", "", 200}, {"HEAD", "", "", 200}, {"PUT", "", "{}", 405},
	} {
		if answer, _ := e.order(t, row.method, row.query, row.body); answer.Code != row.status {
			t.Errorf("%s %s: %d %s, want %d", row.method, row.query, answer.Code, answer.Body, row.status)
		}
	}
	e.broken, e.refused = errors.New("boom"), errors.New("boom")
	for _, method := range []string{"GET", "POST", "DELETE"} {
		if answer, _ := e.order(t, method, "?pod=10.0.0.7", `{"pod": "10.0.0.7"}`); answer.Code != 500 {
			t.Errorf("%s: %d %s", method, answer.Code, answer.Body)
		}
	}
}

// A question about an eviction is held until no page is left.
func TestHoldEviction(t *testing.T) {
	for query, want := range map[string]struct {
		status, pages int
		took          time.Duration
	}{
		"": {409, 3, 0}, "?pod=10.0.0.7&wait=10s": {409, 3, 10 * time.Second}, "?pod=10.0.0.7&wait=10m": {200, 0, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			e := evicting{fake: fake{busyUntil: began.Add(30 * time.Second)}}
			answer := httptest.NewRecorder()
			Responder{&e, &e, nil}.ServeAPI(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/doors/evictions"+query, nil), "/evictions")
			var said Evictions
			if err := json.Unmarshal(answer.Body.Bytes(), &said); err != nil || len(said.Evictions) != 1 {
				t.Fatalf("%s, %v", answer.Body, err)
			}
			if _, pages := said.Left(); answer.Code != want.status || time.Since(began) != want.took || pages != want.pages {
				t.Errorf("%q: %d %s after %v, want %+v", query, answer.Code, answer.Body, time.Since(began), want)
			}
		})
	}
}

// A site is read-only: it takes no orders, whatever path is used.
func TestSiteTakesNoOrders(t *testing.T) {
	for _, method := range []string{"POST", "DELETE", "PUT", "GET"} {
		var e evicting
		for _, path := range []string{"/evictions", "/doors/evictions"} {
			answer := httptest.NewRecorder()
			Responder{&e, &e, nil}.ServeSite(answer, httptest.NewRequestWithContext(t.Context(), method, path+"?pod=10.0.0.7", strings.NewReader(`{"pod": "10.0.0.7"}`)), path)
			want := http.StatusMethodNotAllowed
			if method == "GET" {
				want = http.StatusNotFound
			}
			if answer.Code != want || e.orders != nil || e.undone != nil {
				t.Errorf("%s %s: %d, %+v", method, path, answer.Code, e)
			}
		}
	}
}

func TestTargetString(t *testing.T) {
	pod, network := netip.MustParseAddr("10.0.0.7"), netip.MustParsePrefix("10.0.0.0/24")
	for want, target := range map[string]Target{
		"": {}, "10.0.0.7": {Pod: pod}, "10.0.0.0/24": {Network: network}, "app.test:80": {Upstream: "app.test:80"}, "10.0.0.7 of app.test:80": {Pod: pod, Upstream: "app.test:80"},
	} {
		if got := target.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
