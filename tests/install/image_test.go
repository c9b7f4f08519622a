package install

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/install/dockerfile"
	"github.com/doors-dev/doors-caddy/tests/install/root"
)

// TestImage executes the Dockerfile in clean roots, and runs the result like a container.
func TestImage(t *testing.T) {
	build := ours(t)
	image := build.Run(t, "")

	var files []string
	check(t, filepath.WalkDir(image.Root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && path != image.Root {
			files = append(files, strings.TrimPrefix(path, image.Root))
		}
		return err
	}))
	want := []string{
		"/config", "/data", "/etc", "/etc/caddy", "/etc/caddy/Caddyfile", "/etc/mime.types", "/etc/ssl", "/etc/ssl/certs",
		"/etc/ssl/certs/ca-certificates.crt", "/srv", "/usr", "/usr/bin", "/usr/bin/caddy",
	}
	if !slices.Equal(files, want) {
		t.Errorf("the image contains\n%q\nwant\n%q", files, want)
	}
	if want := []string{"2019", "443", "443/udp", "80"}; !slices.Equal(image.Exposed, want) {
		t.Errorf("the image exposes %v, want %v", image.Exposed, want)
	}

	box := start(t, image)
	if page := box.get(t, "http", "127.0.0.1:80", "localhost"); !strings.Contains(page, "Caddy with doors-caddy is running") {
		t.Errorf("the page of the image's own Caddyfile: %q", page)
	}
	if rights := box.rights(t); rights != "65532 65532 0000000000000000" {
		t.Errorf("user, group and capabilities are %s", rights)
	}
	modules := box.output(t, "caddy", "list-modules")
	if !strings.Contains(modules, "\nhttp.reverse_proxy.upstreams.doors_upstream\n") {
		t.Errorf("the Caddy of the image has no doors_upstream:\n%s", modules)
	}
	box.stop(t)

	// Certificates and keys go to /data.
	check(t, os.WriteFile(filepath.Join(image.Root, "etc/caddy/Caddyfile"), []byte("localhost {\n\ttls internal\n\trespond secured\n}\n"), 0o644))
	box = start(t, image)
	if page := box.get(t, "https", "127.0.0.1:443", "localhost"); page != "secured" {
		t.Errorf("the page over HTTPS: %q", page)
	}
	box.stop(t)
	for _, file := range []string{"data/caddy/pki/authorities/local/root.crt", "config/caddy/autosave.json"} {
		if _, err := os.Stat(filepath.Join(image.Root, file)); err != nil {
			t.Error(err)
		}
	}
}

// TestImageWithPlugins executes the Dockerfile of docs/building.md on top of ours.
func TestImageWithPlugins(t *testing.T) {
	name := "ghcr.io/doors-dev/doors-caddy:" + version(t)
	build := dockerfile.Build{File: sample(t, "dockerfile", "FROM "), Context: top(t), Caches: caches(t), Images: map[string]dockerfile.Image{
		name + "-builder": ours(t).Run(t, "builder"),
		name:              ours(t).Run(t, ""),
	}}
	box := container{image: build.Run(t, "")}
	modules := box.output(t, "caddy", "list-modules")
	for _, module := range []string{"layer4", "http.reverse_proxy.upstreams.doors_upstream"} {
		if !strings.Contains(modules, "\n"+module+"\n") {
			t.Errorf("the Caddy of that image has no %s:\n%s", module, modules)
		}
	}
}

// shared is the build of our Dockerfile. The tests of this package share the stages that are built.
var shared *dockerfile.Build

func ours(t *testing.T) *dockerfile.Build {
	t.Helper()
	if shared == nil {
		shared = &dockerfile.Build{File: read(t, "Dockerfile"), Context: top(t), Images: images(t), Caches: caches(t)}
	}
	return shared
}

// caches returns what this machine has compiled and downloaded, by its place in a root.
func caches(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"/root/.cache/go-build": goEnv(t, "GOCACHE"), "/root/go/pkg/mod": goEnv(t, "GOMODCACHE")}
}

// images returns the base images of our Dockerfile: Debian, with the toolchains of this machine at
// the paths of the official images.
func images(t *testing.T) map[string]dockerfile.Image {
	t.Helper()
	debian := root.Debian(t)
	found := map[string]dockerfile.Image{"debian:bookworm-slim": {Root: debian}}

	golang := root.Work(t)
	check(t, os.MkdirAll(filepath.Join(golang, "usr/local"), 0o755))
	command(t, "cp", "-a", goEnv(t, "GOROOT"), filepath.Join(golang, "usr/local/go"))
	found["golang:"+minor(t, goEnv(t, "GOVERSION"))+"-bookworm"] = dockerfile.Image{Root: golang}

	rust := root.Work(t)
	sysroot := strings.TrimSpace(command(t, "rustc", "--print", "sysroot"))
	toolchain := "usr/local/rustup/toolchains/" + filepath.Base(sysroot)
	check(t, os.MkdirAll(filepath.Join(rust, toolchain), 0o755))
	check(t, os.MkdirAll(filepath.Join(rust, "usr/local/cargo/bin"), 0o755))
	command(t, "cp", "-a", filepath.Join(sysroot, "bin"), filepath.Join(sysroot, "lib"), filepath.Join(rust, toolchain))
	for _, program := range []string{"cargo", "rustc"} {
		check(t, os.Symlink(filepath.Join("/", toolchain, "bin", program), filepath.Join(rust, "usr/local/cargo/bin", program)))
	}
	found["rust:"+minor(t, command(t, "rustc", "--version"))+"-slim-bookworm"] = dockerfile.Image{Root: rust}
	return found
}

// minor returns the 1.95 of "rustc 1.95.0 (...)".
func minor(t *testing.T, text string) string {
	t.Helper()
	found := regexp.MustCompile(`\d+\.\d+`).FindString(text)
	if found == "" {
		t.Fatalf("no version in %q", text)
	}
	return found
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(command(t, "go", "env", name))
}

// command runs a command on this machine, and returns its output.
func command(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	output, err := exec.Command(name, arguments...).Output()
	if exit, ok := err.(*exec.ExitError); ok {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, exit.Stderr)
	}
	check(t, err)
	return string(output)
}

func top(t testing.TB) string {
	t.Helper()
	folder, err := filepath.Abs(root.Top)
	check(t, err)
	return folder
}

// read returns the text of a file of the repository.
func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top(t), path))
	check(t, err)
	return string(text)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) { root.Main(m) }
