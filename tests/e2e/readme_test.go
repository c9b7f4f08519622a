package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// The documents show the configuration that these tests run. The tests in the folder readme check that
// the samples work.
func TestDocumentsShowTheConfig(t *testing.T) {
	shown := map[string]string{"caddyfile": documentedCaddyfile, "json": documentedJSON + "\n"}
	for page, languages := range map[string][]string{"README.md": {"caddyfile"}, "docs/configuration.md": {"caddyfile", "json"}} {
		text, err := os.ReadFile(filepath.Join(Root(t), page))
		if err != nil {
			t.Fatal(err)
		}
		for _, language := range languages {
			block := "```" + language + "\n" + strings.Replace(shown[language], "SECRET", "<base64-aes-key>", 1) + "```\n"
			if !strings.Contains(string(text), block) {
				t.Errorf("%s lacks\n%s", page, block)
			}
		}
	}
}
