// Tests that the table of commands lists exactly the existing commands, with existing flags.

package readme

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

func TestCommandTable(t *testing.T) {
	help := func(arguments ...string) string {
		t.Helper()
		output, messages, ok := harness.Run(t, harness.Default, nil, append(append([]string{"doors"}, arguments...), "--help")...)
		if !ok {
			t.Fatalf("caddy doors %q --help: %s", arguments, messages)
		}
		return output
	}
	_, commands, _ := strings.Cut(help(), "Available Commands:\n")
	commands, _, _ = strings.Cut(commands, "\n\n")
	prose := read(t, "docs/cli.md").prose
	if !strings.Contains(prose, "`caddy doors <command> --help`") { // as help does
		t.Error("the page does not say how to get help")
	}
	_, table, _ := strings.Cut(prose, "| command |")
	table, _, _ = strings.Cut(table, "\n\n")
	var known, listed []string
	for _, line := range strings.Split(commands, "\n") {
		known = append(known, strings.Fields(line)[0])
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+)([^`]*)` \\|").FindAllStringSubmatch(table, -1) {
		if !slices.Contains(listed, row[1]) {
			listed = append(listed, row[1])
		}
		flags := help(row[1])
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(row[2], -1) {
			if !regexp.MustCompile(regexp.QuoteMeta(flag) + `\b`).MatchString(flags) {
				t.Errorf("caddy doors %s has no %s", row[1], flag)
			}
		}
	}
	slices.Sort(known)
	slices.Sort(listed)
	if !slices.Equal(known, listed) {
		t.Errorf("the table lists %q, caddy doors has %q", listed, known)
	}
}
