package install

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/install/dockerfile"
	"github.com/doors-dev/doors-caddy/tests/install/root"
)

// debian is a root in which the packages of `make dist` are installed by apt, which has a compiler, Go and xcaddy.
type debian struct {
	root string
	env  []string
}

func (d debian) sh(t *testing.T, script string) string {
	t.Helper()
	return root.Run(t, d.root, root.Command{
		Env: d.env, Dir: "/root", Binds: caches(t), Args: []string{"/bin/sh", "-euc", script},
	})
}

// TestPackages installs the packages in place of Debian's own Caddy, uses what they bring, and removes them.
func TestPackages(t *testing.T) {
	builder := ours(t).Run(t, "builder")
	d := debian{root.Over(t, builder.Root), append([]string{"HOME=/root", "DEBIAN_FRONTEND=noninteractive"}, builder.Env...)}
	packages, err := filepath.Glob(filepath.Join(top(t), "target/dist/*.deb"))
	check(t, err)
	if len(packages) != 3 {
		t.Fatalf("target/dist has the packages %v: make them with `make dist`", packages)
	}
	folder := filepath.Join(d.root, "root/target/dist")
	check(t, os.MkdirAll(folder, 0o755))
	for _, path := range packages {
		text, err := os.ReadFile(path)
		check(t, err)
		check(t, os.WriteFile(filepath.Join(folder, filepath.Base(path)), text, 0o644))
	}
	// What an administrator answers to apt, who has changed the Caddyfile.
	check(t, os.WriteFile(filepath.Join(d.root, "etc/apt/apt.conf.d/answers"),
		[]byte(`APT { Get::Assume-Yes "true"; Install-Recommends "false"; }; Dpkg::Options { "--force-confold"; };`), 0o644))

	const caddyfile = ":80 {\n\trespond mine\n}\n"
	const files = "find /etc/caddy /etc/systemd /lib/systemd /usr /var/lib/caddy -not -path '*/share/doc/*' 2>/dev/null | sort || true"
	d.sh(t, "apt-get -q update && apt-get -q install adduser")
	before := d.sh(t, files)
	d.sh(t, "apt-get -q install caddy")
	check(t, os.WriteFile(filepath.Join(d.root, "etc/caddy/Caddyfile"), []byte(caddyfile), 0o644))
	d.sh(t, sample(t, "sh", "apt-get install "))

	if status := d.sh(t, "dpkg-query --show --showformat '${db:Status-Abbrev}' caddy"); strings.HasPrefix(status, "ii") {
		t.Errorf("Debian's Caddy is still installed: %s", status)
	}
	if text, err := os.ReadFile(filepath.Join(d.root, "etc/caddy/Caddyfile")); err != nil || string(text) != caddyfile {
		t.Errorf("the Caddyfile has become %q, %v", text, err)
	}
	if modules := d.sh(t, "caddy list-modules"); !strings.Contains(modules, "\nhttp.reverse_proxy.upstreams.doors_upstream\n") {
		t.Errorf("caddy has no doors_upstream:\n%s", modules)
	}
	if enabled, err := os.Readlink(filepath.Join(d.root, "etc/systemd/system/multi-user.target.wants/caddy.service")); err != nil || enabled != "/lib/systemd/system/caddy.service" {
		t.Errorf("the unit is not enabled: %q, %v", enabled, err)
	}
	if verdict := command(t, "sh", "-c", "systemd-analyze verify --root='"+d.root+"' --recursive-errors=no caddy.service 2>&1"); verdict != "" {
		t.Errorf("systemd-analyze verify: %s", verdict)
	}
	t.Run("service", func(t *testing.T) { service(t, d) })
	t.Run("library", func(t *testing.T) { library(t, d) })
	t.Run("xcaddy", func(t *testing.T) { xcaddy(t, d) })

	d.sh(t, "apt-get -q purge --auto-remove caddy caddy-doors libdoors-caddy-dev 'libdoors-caddy0*'")
	if after := d.sh(t, files); after != before {
		t.Errorf("what is left is not what was there:\n%s", difference(before, after))
	}
}

// service runs the Caddy of the package with its configuration as its user.
func service(t *testing.T, d debian) {
	passwd, err := os.ReadFile(filepath.Join(d.root, "etc/passwd"))
	check(t, err)
	user := regexp.MustCompile(`(?m)^caddy:[^:]*:(\d+:\d+):[^:]*:/var/lib/caddy:/usr/sbin/nologin$`).FindSubmatch(passwd)
	if user == nil {
		t.Fatalf("no user caddy with the home folder /var/lib/caddy in\n%s", passwd)
	}
	box := start(t, dockerfile.Image{
		Root: d.root, User: string(user[1]), Dir: "/", Env: []string{"HOME=/var/lib/caddy", "PATH=/usr/bin"},
		Cmd: []string{"caddy", "run", "--config", "/etc/caddy/Caddyfile"},
	})
	if page := box.get(t, "http", "127.0.0.1:80", "localhost"); page != "mine" {
		t.Errorf("the page of the Caddyfile: %q", page)
	}
	box.stop(t)
	if _, err := os.Stat(filepath.Join(d.root, "var/lib/caddy/.config/caddy/autosave.json")); err != nil {
		t.Error(err)
	}
}

// library builds a program with the files of the -dev package.
func library(t *testing.T, d debian) {
	check(t, os.WriteFile(filepath.Join(d.root, "root/app.c"), []byte(read(t, "tests/package/app.c")), 0o644))
	version := version(t)
	if output := d.sh(t, "cc app.c $(pkg-config --cflags --libs doors_caddy) -o app && ./app"); output != version+" pod 10.0.0.7:8080\n" {
		t.Errorf("the program prints %q", output)
	}
	triplet := strings.TrimSpace(d.sh(t, "cc -print-multiarch"))
	minor := version[:strings.LastIndex(version, ".")]
	if output := d.sh(t, "ldd app | grep doors_caddy"); !strings.Contains(output, "libdoors_caddy.so."+minor+" => /lib/"+triplet+"/") {
		t.Errorf("the program loads %s", output)
	}
}

// xcaddy builds Caddy with the line of docs/building.md, as it is once our modules are released.
func xcaddy(t *testing.T, d debian) {
	// The folder may belong to another user than root.
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "safe.directory")
	t.Setenv("GIT_CONFIG_VALUE_0", "*")
	command(t, "bash", "-euc", `cd "$1" && . scripts/env.sh && . scripts/modules.sh && released "$2" "$1" "v$3"`,
		"bash", top(t), filepath.Join(d.root, "root/proxy"), version(t))
	d.sh(t, `
		mkdir -p bin && ln -s "$HOME"/.cache/doors-caddy/bin/xcaddy-* bin/xcaddy
		export PATH="$HOME/bin:$PATH" GOPROXY=file:///root/proxy,`+goEnv(t, "GOPROXY")+` GONOSUMDB=github.com/doors-dev/doors-caddy
		`+sample(t, "sh", "CGO_ENABLED=1 xcaddy build "))
	if modules := d.sh(t, "./caddy list-modules --versions"); !strings.Contains(modules, "\nhttp.reverse_proxy.upstreams.doors_upstream v"+version(t)+"\n") {
		t.Errorf("the Caddy that xcaddy has built has no doors_upstream:\n%s", modules)
	}
	if needs := d.sh(t, "ldd caddy"); !strings.Contains(needs, "libdoors_caddy.so") {
		t.Errorf("it does not use the library that is installed:\n%s", needs)
	}
}

// sample returns the block of docs/building.md in a language that begins with a text.
func sample(t *testing.T, language, beginning string) string {
	t.Helper()
	block := regexp.MustCompile("(?s)\n```" + language + "\n(" + regexp.QuoteMeta(beginning) + ".*?)```")
	found := block.FindStringSubmatch(read(t, "docs/building.md"))
	if found == nil {
		t.Fatalf("docs/building.md has no block of %s that begins with %q", language, beginning)
	}
	return found[1]
}

func version(t *testing.T) string {
	t.Helper()
	return regexp.MustCompile(`(?m)^version = "(.*)"$`).FindStringSubmatch(read(t, "Cargo.toml"))[1]
}

// difference lists the lines that only one of two texts has.
func difference(before, after string) string {
	old, new := strings.Split(before, "\n"), strings.Split(after, "\n")
	var lines []string
	for _, line := range old {
		if !slices.Contains(new, line) {
			lines = append(lines, "-"+line)
		}
	}
	for _, line := range new {
		if !slices.Contains(old, line) {
			lines = append(lines, "+"+line)
		}
	}
	return strings.Join(lines, "\n")
}
