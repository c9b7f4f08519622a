package observe_test

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// series are the samples of our metrics, by name and labels as in the text format.
type series map[string]float64

var sample = regexp.MustCompile(`(?m)^(caddy_doors_[a-z_]+(?:\{[^}]*\})?) (\S+)$`)

// scrape gets the metrics from the admin API.
func scrape(t *testing.T, caddy *Caddy) series {
	t.Helper()
	status, text := caddy.Admin("GET", "/metrics", "", nil)
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	found := series{}
	for _, line := range sample.FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(line[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		found[line[1]] = value
	}
	return found
}

// key returns the ID of the only key.
func (s series) key(t *testing.T) string {
	t.Helper()
	for name := range s {
		if id := regexp.MustCompile(`key_id="([0-9a-f]{8})"`).FindStringSubmatch(name); id != nil {
			return id[1]
		}
	}
	t.Fatal("no key has a metric")
	return ""
}
