package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Links in the documents about deploy/ lead to existing files, and their shell samples are valid.
func TestDocuments(t *testing.T) {
	documents, err := filepath.Glob(filepath.Join(top(t), "deploy/*/README.md"))
	check(t, err)
	documents = append(documents, filepath.Join(top(t), "docs/kubernetes.md"))
	links, samples := 0, 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		check(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`).FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(link[1], "https://") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), link[1])); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
		for _, sample := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			samples++
			if output, ok := run(t, nil, "bash", "-n", write(t, filepath.Join(t.TempDir(), "sample"), sample[1], 0o600)); !ok {
				t.Errorf("%s: %s", document, output)
			}
			// Files named from the top of the repository exist.
			for _, path := range regexp.MustCompile(`(?:deploy|scripts)/[\w./@-]+(?:\.sh|\.service|\.yaml|\.Dockerfile|Caddyfile)`).FindAllString(sample[1], -1) {
				if _, err := os.Stat(filepath.Join(top(t), path)); err != nil {
					t.Errorf("%s: %v", document, err)
				}
			}
		}
	}
	if links < 10 || samples < 4 {
		t.Errorf("%d links and %d samples: is this test blind?", links, samples)
	}
}
