// A module proxy in a folder, with this repository as the release named in the documents, and a stand-in
// for the framework.

package readme

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// moduleProxy creates the proxy, and returns the environment in which Go uses only this proxy.
func moduleProxy(t *testing.T) (environment []string) {
	t.Helper()
	folder, root, required := t.TempDir(), harness.Root(t), map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^\t(github\.com/doors-dev/\S+) (v\S+)$`).FindAllStringSubmatch(file(t, "examples/app/go.mod"), -1) {
		required[match[1]] = match[2]
	}
	for module, source := range map[string]string{
		"github.com/doors-dev/doors-caddy": root,
		"github.com/doors-dev/doors":       filepath.Join(root, "tests/framework/doors"),
		"github.com/doors-dev/gox":         filepath.Join(root, "tests/framework/gox"),
	} {
		version := required[module]
		if version == "" {
			t.Fatalf("examples/app/go.mod does not require %s", module)
		}
		manifest, err := os.ReadFile(filepath.Join(source, "go.mod"))
		check(t, err)
		// The stand-in for the framework requires the stand-in for gox in the framework's version.
		text := regexp.MustCompile(`(github\.com/doors-dev/gox) v0\.0\.0`).ReplaceAllString(string(manifest), "$1 "+required["github.com/doors-dev/gox"])
		text = regexp.MustCompile(`(?m)^replace .*\n`).ReplaceAllString(text, "")
		versions := filepath.Join(folder, module, "@v")
		write(t, versions, "list", version+"\n", 0o600)
		write(t, versions, version+".info", fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, version), 0o600)
		write(t, versions, version+".mod", text, 0o600)
		pack(t, filepath.Join(versions, version+".zip"), module+"@"+version, source, text)
	}
	return []string{"GOPROXY=file://" + folder, "GOSUMDB=off", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0", "GOFLAGS=-modcacherw", "GOMODCACHE=" + t.TempDir()}
}

// pack writes the Go files and the go.mod of a folder as a module proxy serves them.
func pack(t *testing.T, path, prefix, source, manifest string) {
	t.Helper()
	archive, err := os.Create(path)
	check(t, err)
	defer archive.Close()
	packed := zip.NewWriter(archive)
	add := func(name string, text []byte) {
		entry, err := packed.Create(prefix + "/" + name)
		check(t, err)
		_, err = entry.Write(text)
		check(t, err)
	}
	add("go.mod", []byte(manifest))
	files, err := filepath.Glob(filepath.Join(source, "*.go"))
	check(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		check(t, err)
		add(filepath.Base(file), text)
	}
	check(t, packed.Close())
}
