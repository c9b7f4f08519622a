package takeover

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

// adaptSuite returns Caddy's own adapt tests by name: the Caddyfile, and the expected JSON or
// error.
func adaptSuite(t *testing.T) map[string][2]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(caddyDirectory(t), "caddytest/integration/caddyfile_adapt/*.caddyfiletest"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 200 {
		t.Fatalf("found %d files of Caddy's adapt suite, which has more than 200", len(names))
	}
	suite := make(map[string][2]string)
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		caddyfile, expected, _ := strings.Cut(string(content), "----------")
		suite[filepath.Base(name)] = [2]string{strings.TrimSpace(caddyfile) + "\n", strings.TrimSpace(expected)}
	}
	return suite
}

// compareWithStock adapts a Caddyfile with our directive and with Caddy's own. Both must give the
// same JSON or the same error. Of several mistakes Caddy reports a random one, since it keeps
// matchers in maps. So our error must be one that the stock directive gives in one of many tries.
func compareWithStock(t *testing.T, name, caddyfile string) {
	t.Helper()
	stock := map[string]bool{} // JSON or an error
	for range 10 {
		adapted, err := caddytest.Adapt(caddyfile)
		ours := adapted + message(err)
		restore := caddytest.PutBackStock(t)
		for tries := 0; !stock[ours] && tries < 500; tries++ {
			adapted, err := caddytest.Adapt(caddyfile)
			stock[adapted+message(err)] = true
			if err == nil {
				break
			}
		}
		restore()
		unknown := func(text string) bool {
			return strings.Contains(text, "unrecognized subdirective "+documentedSubdirective)
		}
		if err != nil && strings.Contains(ours, config.SourceName) && slices.ContainsFunc(slices.Collect(maps.Keys(stock)), unknown) {
			return // the random mistake produced one of our words, and our error says what to write instead
		}
		if !stock[ours] {
			t.Errorf("%s: adapts to\n%s\nbut with a stock Caddy to\n%s", name, ours, slices.Collect(maps.Keys(stock)))
			return
		}
		if err == nil {
			return
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Every Caddyfile of Caddy's own suite adapts as before, and so does one with a random mistake.
func TestCaddyfilesWithoutUsAreUntouched(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	asExpected := 0
	suite := adaptSuite(t)
	for _, name := range slices.Sorted(maps.Keys(suite)) {
		caddyfile, expected := suite[name][0], suite[name][1]
		compareWithStock(t, name, caddyfile)
		switch adapted, err := caddytest.Adapt(caddyfile); {
		case err == nil && sameJSON(adapted, expected):
			asExpected++
		case err == nil:
			t.Errorf("%s: adapts to\n%s\nwant\n%s", name, adapted, expected)
		}
		if !strings.Contains(caddyfile, "reverse_proxy") {
			continue
		}
		for range 10 {
			compareWithStock(t, name+" with a mistake", withMistake(random, caddyfile))
		}
	}
	// The others are expected errors, or need modules that only Caddy's own tests have.
	if asExpected < 150 {
		t.Errorf("only %d Caddyfiles of the suite adapted as expected", asExpected)
	}
	t.Logf("%d Caddyfiles of the suite adapted as they should", asExpected)
}

func sameJSON(a, b string) bool {
	var left, right any
	return json.Unmarshal([]byte(a), &left) == nil && json.Unmarshal([]byte(b), &right) == nil && reflect.DeepEqual(left, right)
}

// withMistake drops, duplicates or renames one word of a Caddyfile.
func withMistake(random *rand.Rand, caddyfile string) string {
	lines := strings.Split(caddyfile, "\n")
	i := random.IntN(len(lines))
	words := strings.Fields(lines[i])
	if len(words) == 0 {
		return caddyfile
	}
	j := random.IntN(len(words))
	switch random.IntN(4) {
	case 0:
		words = append(words[:j:j], words[j+1:]...)
	case 1:
		words = append(words[:j:j], append([]string{words[j]}, words[j:]...)...)
	case 2:
		words[j] = documentedSubdirective
	case 3:
		words[j] += "x"
	}
	lines[i] = strings.Join(words, " ")
	return strings.Join(lines, "\n")
}

// Handlers without our source decode exactly as in Caddy.
func TestHandlersWithoutUsDecodeAsBefore(t *testing.T) {
	for _, config := range []string{
		`{}`,
		`{"upstreams": [{"dial": "127.0.0.1:1"}]}`,
		`{"upstreams": {}}`,
		`{"upstreams": {"source": "a", "name": "example.com"}}`,
		`{"upstreams": {"source": 1}}`,
		`{"upstreams": "doors_upstream"}`,
		`{"upstreams": null}`,
		`{"Upstreams": [{"dial": "127.0.0.1:1"}], "unknown": 1}`,
		`{"flush_interval": "1s", "headers": {"request": {"set": {"X": ["1"]}}}}`,
		`{"flush_interval": true}`,
		`{"dynamic_upstreams": {"source": "a", "name": "example.com"}}`,
		`{"load_balancing": {"retries": "1"}}`,
		`[]`, `1`, `"x"`,
	} {
		ours, stock := new(Handler), new(reverseproxy.Handler)
		ourErr := caddy.StrictUnmarshalJSON([]byte(config), ours)
		stockErr := caddy.StrictUnmarshalJSON([]byte(config), stock)
		if message(ourErr) != message(stockErr) {
			t.Errorf("%s: fails with %q, a stock Caddy with %q", config, message(ourErr), message(stockErr))
		}
		ourJSON, err := json.Marshal(&ours.Handler)
		if err != nil {
			t.Fatal(err)
		}
		stockJSON, err := json.Marshal(stock)
		if err != nil {
			t.Fatal(err)
		}
		if string(ourJSON) != string(stockJSON) {
			t.Errorf("%s: decodes to %s, with a stock Caddy to %s", config, ourJSON, stockJSON)
		}
	}
}
