package metrics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/routing"
)

// What Caddy's documentation shows of the source names the metrics of docs/metrics.md.
func TestSourceNamesMetrics(t *testing.T) {
	var named [2][]string
	for i, path := range []string{"../../../../docs/metrics.md", "../../proxy/source.go"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range regexp.MustCompile("(?m)^(?:// |\\| )`(caddy_doors_[a-z_]+)` \\|").FindAllSubmatch(text, -1) {
			named[i] = append(named[i], string(row[1]))
		}
	}
	if len(named[0]) == 0 || !slices.Equal(named[0], named[1]) {
		t.Errorf("docs/metrics.md has\n%q\nand the source\n%q", named[0], named[1])
	}
}

// docs/metrics.md has a row for each reason, and no others.
func TestReasonsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| Reason | With 410 | With 503 |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := make(map[string]bool)
	for row := range strings.Lines(table) {
		rows[strings.Split(row, "`")[1]] = true
	}
	reasons := []string{PageGone}
	for cause := routing.CauseTokenMalformed; int(cause) < len(causes); cause++ {
		reasons = append(reasons, cause.String())
	}
	for _, reason := range reasons {
		if !rows[reason] {
			t.Errorf("%s is missing", reason)
		}
	}
	if len(rows) != len(reasons) {
		t.Errorf("%d rows for the %d reasons", len(rows), len(reasons))
	}
}
