package inspect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
)

const plainSource = `{"source":"doors_upstream","secret":"{env.DOORS_TEST_SECRET}","upstreams":[{"cidr":"10.0.0.0/24","host":"app.test","port":8080}]}`

// Sources are found wherever a handler can be, always in the same order.
func TestFindSources(t *testing.T) {
	handler := func(member string) string {
		return fmt.Sprintf(`{"handler":"reverse_proxy",%q:%s}`, member, plainSource)
	}
	config := fmt.Sprintf(`{"apps":{
		"other":{"source":"doors_upstream","list":[1,"reverse_proxy",null,true]},
		"http":{"servers":{
			"b":{"routes":[{"handle":[{"handler":"vars","upstreams":%[1]s},%[2]s]}]},
			"a":{"errors":{"routes":[{"handle":[%[3]s]}]},"named_routes":{"x":{"handle":[%[4]s]}},
			     "routes":[{"handle":[{"handler":"reverse_proxy","upstreams":[{"dial":"10.0.0.1:80"}]}]},
			               {"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":"headers"},%[2]s]}]}]}]}
		}}}}`, plainSource, handler("upstreams"), handler("dynamic_upstreams"), handler("UPSTREAMS"))
	want := []string{
		"apps.http.servers.a.errors.routes[0].handle[0]",
		"apps.http.servers.a.named_routes.x.handle[0]",
		"apps.http.servers.a.routes[1].handle[0].routes[0].handle[1]",
		"apps.http.servers.b.routes[0].handle[1]",
	}
	var places []string
	for _, found := range findSources("", json.RawMessage(config)) {
		places = append(places, found.place)
	}
	if fmt.Sprint(places) != fmt.Sprint(want) {
		t.Errorf("%s\nand not\n%s", strings.Join(places, "\n"), strings.Join(want, "\n"))
	}

	t.Setenv("DOORS_TEST_SECRET", caddytest.Secret)
	sources, err := readSources([]byte(config))
	if err != nil || len(sources) != len(want) {
		t.Fatalf("%d sources, %v", len(sources), err)
	}
	if upstream := sources[3].Upstreams[0]; sources[3].Place != want[3] || fmt.Sprint(upstream.Hosts) != "[app.test]" || upstream.Port != 8080 || fmt.Sprint(upstream.CIDRs) != "[10.0.0.0/24]" {
		t.Errorf("%+v", sources[3])
	}
	if sources, err := readSources([]byte(`"text"`)); err != nil || len(sources) != 0 {
		t.Errorf("%v, %v", sources, err)
	}
}

func TestReadSourcesErrors(t *testing.T) {
	t.Setenv("DOORS_TEST_SECRET", caddytest.Secret)
	for change, want := range map[string]string{
		"{env.DOORS_TEST_SECRET} {env.DOORS_TEST_UNKNOWN}": "DOORS_TEST_UNKNOWN",
		`canary","refresh":"canary`:                        "refresh",
		`canary`:                                           "secret",
	} {
		config := `{"handler":"reverse_proxy","upstreams":` + strings.Replace(plainSource, "{env.DOORS_TEST_SECRET}", change, 1) + `}`
		_, err := readSources([]byte(`{"list":[` + config + `]}`))
		if err == nil || !strings.HasPrefix(err.Error(), "list[0]: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// A doors_handler is read and loaded as the source of the handlers behind it.
func TestHandlerWithTheOptions(t *testing.T) {
	t.Setenv("DOORS_TEST_SECRET", caddytest.Secret)
	const place = "apps.http.servers.a.routes[0].handle[0]"
	config := []byte(`{"admin":{"disabled":true,"config":{"persist":false}},"apps":{"http":{"servers":{"a":{"listen":["127.0.0.1:9"],"routes":[{"handle":[` +
		strings.Replace(plainSource, `"source":"doors_upstream"`, `"handler":"doors_handler"`, 1) +
		`,{"handler":"reverse_proxy","upstreams":{"source":"doors_upstreams"}}]}]}}}}}`)
	read, err := readSources(config)
	if err != nil || len(read) != 1 || read[0].Place != place || read[0].Upstreams[0].Port != 8080 {
		t.Errorf("read: %+v, %v", read, err)
	}
	loaded, err := loadSources(config)
	if err != nil || len(loaded) != 1 || loaded[0].Place != place || loaded[0].Upstreams[0].Port != 8080 {
		t.Errorf("loaded: %+v, %v", loaded, err)
	}
}

// Caddy passes a source its JSON without the module name and with reordered members.
func TestSameSource(t *testing.T) {
	given := json.RawMessage(`{"upstreams":[{"port":8080,"host":"app.test","cidr":"10.0.0.0/24"}],"secret":"{env.DOORS_TEST_SECRET}"}`)
	if !sameSource(given, json.RawMessage(plainSource)) {
		t.Error("not taken for the same")
	}
	for _, other := range []string{strings.Replace(plainSource, "8080", "8081", 1), `{}`, `text`} {
		if sameSource(given, json.RawMessage(other)) {
			t.Errorf("taken for the same as %s", other)
		}
	}
}
