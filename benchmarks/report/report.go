// Package report makes BENCHMARKS.md and its pictures from the results of a run. It measures
// nothing: the same results give the same bytes.
package report

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/doors-dev/doors-caddy/benchmarks/results"
)

// Files returns the contents of the files by path, from the top of the repository.
func Files(f *results.File) (map[string]string, error) {
	if len(f.Decisions) == 0 || len(f.Proxy) == 0 || len(f.Upstreams) == 0 || len(f.Pages) == 0 {
		return nil, errors.New("the results lack decisions, proxy, upstreams or pages: measure these first")
	}
	return map[string]string{
		"BENCHMARKS.md":                     markdown(f),
		"benchmarks/pictures/decisions.svg": decisionsPicture(f),
		"benchmarks/pictures/proxy.svg":     proxyPicture(f),
	}, nil
}

// Write writes the files below a folder.
func Write(f *results.File, folder string) error {
	files, err := Files(f)
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
