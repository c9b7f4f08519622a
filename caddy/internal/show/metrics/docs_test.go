package metrics

import (
	"os"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/routing"
)

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
