package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// The README shows the configuration that these tests run. That each of its
// samples works is for the tests in the folder readme.
func TestReadmeShowsTheDocumentedConfig(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for language, config := range map[string]string{"caddyfile": documentedCaddyfile, "json": documentedJSON + "\n"} {
		block := "```" + language + "\n" + strings.Replace(config, "SECRET", "<base64-aes-key>", 1) + "```\n"
		if !strings.Contains(string(readme), block) {
			t.Errorf("the README lacks\n%s", block)
		}
	}
}
