// Tests of the sample commands. Commands that take long, or need a network or containers, run with
// stand-ins for their tools.

package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/demo/pod"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

var (
	makeOnly   = regexp.MustCompile(`^(?:make [a-z]+(?: [^\n]*)?\n)+$`)
	scriptOnly = regexp.MustCompile(`^(?:\./xcaddy\.sh(?: [^\n]*)?\n)+$`)
)

// testShell chooses how commands are run. Commands that are not run here must be run by another test,
// which reads the page.
func testShell(t *testing.T, d document, sample *block) {
	switch text := sample.text; {
	case d.name == "README.md" && slices.Contains(quickStarts, sample.heading): // TestQuickStart...
	case makeOnly.MatchString(text):
		for line := range strings.Lines(text) {
			testMake(t, strings.Fields(line)[1])
		}
	case scriptOnly.MatchString(text):
		for line := range strings.Lines(text) {
			testScript(t, strings.Fields(line)[1:])
		}
	case strings.HasPrefix(text, "git clone "), strings.HasPrefix(text, "kubectl "):
		newSession(t).do(text)
	case strings.HasPrefix(text, "go get ") && strings.Count(text, "\n") == 1:
		buildExample(t, 0, text)
	case strings.HasPrefix(text, "bin/caddy "):
		shell(t, replaceAll(t, text, "bin/caddy ", harness.Default.Path(t)+" "))
	case strings.Contains(text, "caddy doors "): // TestCommands
	case strings.Contains(text, "\nxcaddy build "):
		testByHand(t, text)
	case strings.Contains(text, "\ncargo cinstall "):
		testRecipe(t, d, sample)
	case strings.Contains(text, "\ncc "):
		for _, other := range d.blocks {
			if other.language == "c" && other.next == sample {
				return // testC runs it
			}
		}
		t.Fatalf("%s: there is no C program right before it", sample)
	case strings.HasPrefix(text, "cd caddy\n../scripts/go.sh test "):
		testFuzzing(t, text)
	case strings.HasPrefix(text, "make library\n. scripts/env.sh\n"):
		shell(t, text)
	default:
		testElsewhere(t, d, sample)
	}
}

// testFuzzing checks that the package has the target. The tests of the package run its seeds.
func testFuzzing(t *testing.T, text string) {
	t.Helper()
	command := regexp.MustCompile(` -fuzz '\^(\w+)\$' .* \./(\S+)\n$`).FindStringSubmatch(text)
	if command == nil {
		t.Fatalf("this fuzzes nothing: %s", text)
	}
	files, err := filepath.Glob(filepath.Join(harness.Root(t), "caddy", command[2], "*_test.go"))
	check(t, err)
	for _, path := range files {
		if source, err := os.ReadFile(path); err == nil && strings.Contains(string(source), "func "+command[1]+"(f *testing.F)") {
			return
		}
	}
	t.Errorf("%s has no %s", command[2], command[1])
}

// replaceAll replaces a text that must occur.
func replaceAll(t *testing.T, text, old, replacement string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q is not in:\n%s", old, text)
	}
	return strings.ReplaceAll(text, old, replacement)
}

// ourScript matches one of our scripts in a command.
var ourScript = regexp.MustCompile(`(?:^|\s)(?:\./)?((?:scripts/(?:[a-z]+/)?)?[a-z]+\.sh)\b`)

// testMake checks that the make target exists, and so does what it runs.
func testMake(t *testing.T, target string) {
	commands := run(t, harness.Root(t), nil, "make", "--dry-run", "--always-make", target)
	scripts := ourScript.FindAllStringSubmatch(commands, -1)
	if len(scripts) == 0 {
		t.Errorf("make %s runs no script:\n%s", target, commands)
	}
	for _, script := range scripts {
		info, err := os.Stat(filepath.Join(harness.Root(t), script[1]))
		if err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("make %s: %s cannot be run (%v)", target, script[1], err)
		}
	}
}

// recorder stands in for xcaddy. It records its arguments, and then runs REAL or, without it, creates a
// file that looks like the requested Caddy.
const recorder = `#!/usr/bin/env bash
set -euo pipefail
proxy=${GOPROXY%%,*} proxy=${proxy#file://}
{
	printf 'CGO_ENABLED=%s\n' "${CGO_ENABLED-}"
	printf 'PKG_CONFIG_PATH=%s\n' "${PKG_CONFIG_PATH%%:*}"
	printf 'XCADDY_GO_BUILD_FLAGS=%s\n' "${XCADDY_GO_BUILD_FLAGS-}"
	find "$proxy" -name list -printf 'no version: %P, %s bytes\n' | sort
	printf '%s\n' "$@"
} >"$RECORD"
if [ -n "${REAL-}" ]; then exec "$REAL" "$@"; fi
while [ "$1" != --output ]; do shift; done
printf '#!/bin/sh\necho http.reverse_proxy.upstreams.doors_upstream\n' >"$2"
chmod +x "$2"
`

// call is a recorded call of xcaddy.
type call struct {
	environment []string
	version     string
	options     []string // sorted, without --output
}

func readCall(t *testing.T, path string) (c call) {
	t.Helper()
	text, err := os.ReadFile(path)
	check(t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	build := slices.Index(lines, "build")
	if build < 0 || len(lines) < build+2 {
		t.Fatalf("xcaddy was not told to build:\n%s", text)
	}
	c.environment, c.version = lines[:build], lines[build+1]
	for i := build + 2; i < len(lines); i += 2 {
		if i+1 == len(lines) {
			t.Fatalf("%s has no value", lines[i])
		}
		if lines[i] != "--output" {
			c.options = append(c.options, lines[i]+" "+lines[i+1])
		}
	}
	slices.Sort(c.options)
	return c
}

// script runs xcaddy.sh, with the recorder in place of xcaddy.
func script(t *testing.T, arguments ...string) call {
	t.Helper()
	folder := t.TempDir()
	version := strings.TrimSpace(shell(t, `. scripts/versions.sh; echo "$xcaddy_version"`))
	write(t, folder, "bin/xcaddy-"+version, recorder, 0o700)
	record, output := filepath.Join(folder, "record"), filepath.Join(folder, "caddy")
	shell(t, "./xcaddy.sh "+strings.Join(append(arguments, "--output", output), " "),
		"DOORS_CACHE="+folder, "RECORD="+record)
	if _, err := os.Stat(output); err != nil {
		t.Errorf("xcaddy.sh made no binary: %v", err)
	}
	return readCall(t, record)
}

// testScript checks that each argument reaches xcaddy, in addition to those of a plain call, and
// --static as linker flags.
func testScript(t *testing.T, arguments []string) {
	plain, called := script(t), script(t, arguments...)
	wanted := slices.Clone(plain.options)
	rest := arguments
	if len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		if called.version != rest[0] {
			t.Errorf("xcaddy builds %s, not %s", called.version, rest[0])
		}
		rest = rest[1:]
	}
	static := len(rest) > 0 && rest[0] == "--static"
	if static {
		rest = rest[1:]
	}
	for of, want := range map[*call]bool{&plain: false, &called: static} {
		if got := strings.Contains(strings.Join(of.environment, "\n"), " -extldflags=-static"); got != want {
			t.Errorf("to link statically is %t, with %q", got, of.environment)
		}
	}
	for pair := range slices.Chunk(rest, 2) {
		wanted = append(wanted, strings.Join(pair, " "))
	}
	slices.Sort(wanted)
	if !slices.Equal(called.options, wanted) {
		t.Errorf("xcaddy is called with %q, not %q", called.options, wanted)
	}
}

// testByHand runs the commands for readers who call xcaddy themselves. They must make the same call as
// xcaddy.sh, and a Caddy with the module.
func testByHand(t *testing.T, text string) {
	folder := t.TempDir()
	record, output := filepath.Join(folder, "record"), filepath.Join(folder, "caddy")
	text = replaceOnce(t, text, "--output bin/caddy ", fmt.Sprintf("--output '%s' ", output))
	write(t, folder, "xcaddy", recorder, 0o700)
	text = "export PATH=\"$FOLDER:$PATH\"\n" + text
	shell(t, text, "FOLDER="+folder, "RECORD="+record)
	if hand, ours := readCall(t, record), script(t); fmt.Sprintf("%q", hand) != fmt.Sprintf("%q", ours) {
		t.Fatalf("by hand %q\nxcaddy.sh %q", hand, ours)
	}
	// Go first uses what it has downloaded before: this test needs no network. The commands also work where GOPRIVATE covers
	// our modules.
	check(t, os.Remove(output))
	shell(t, `scripts/tools.sh
		. scripts/versions.sh
		export REAL=$DOORS_CACHE/bin/xcaddy-$xcaddy_version GOSUMDB=off
		export GOPROXY="file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
		`+text, "FOLDER="+folder, "RECORD="+record, "GOPRIVATE=github.com/doors-dev")
	modules := run(t, folder, nil, output, "list-modules")
	if !slices.Contains(strings.Split(modules, "\n"), "http.reverse_proxy.upstreams.doors_upstream") {
		t.Errorf("the Caddy that was built has no doors_upstream:\n%s", modules)
	}
}

// testRecipe checks that the script that installs the library runs the commands for installing and
// linking it. The script looks for these words.
func testRecipe(t *testing.T, _ document, sample *block) {
	words := map[string]string{"sh": "cargo cinstall ", "cmake": "pkg_check_modules"}[sample.language]
	script, err := os.ReadFile(filepath.Join(harness.Root(t), "scripts/stages/package.sh"))
	check(t, err)
	if !strings.Contains(sample.text, words) || !regexp.MustCompile(`(?m)^block `+sample.language+` .*`+words).Match(script) {
		t.Errorf("scripts/stages/package.sh does not run this block of %s", sample.language)
	}
}

// testC compiles the program with the commands that follow it, and again with all warnings as errors.
func testC(t *testing.T, d document, sample *block) {
	if sample.next == nil || sample.next.language != "sh" {
		testElsewhere(t, d, sample)
		return
	}
	secret := regexp.MustCompile(`secret\[\] = "([^"]+)"`).FindStringSubmatch(sample.text)
	pod := regexp.MustCompile(`doors_addr pod = \{\{(\d+), (\d+), (\d+), (\d+)\}`).FindStringSubmatch(sample.text)
	if secret == nil || pod == nil {
		t.Fatal("it does not show the secret and the address")
	}
	for name, warnings := range map[string]string{"as shown": "", "with warnings": " -Wall -Wextra -Wpedantic -Werror"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, folder, "app.c", sample.text, 0o600)
			commands := replaceOnce(t, sample.next.text, "\ncc -std=c11 ", "\ncd -- \"$FOLDER\"\ncc -std=c11"+warnings+" ")
			shell(t, commands, "FOLDER="+folder)
			decodes(t, secret[1], run(t, folder, nil, "./app"), strings.Join(pod[1:], "."))
		})
	}
}

// TestCommands runs the commands of each page, in order, beside a Caddy and two pods. One of the pods is
// the 10.0.0.7 of the documents, and a minute takes a second.
func TestCommands(t *testing.T) {
	const addressInText = "10.0.0.7"
	ran := 0
	for _, name := range pages(t) {
		d := read(t, name)
		var commands strings.Builder
		for _, sample := range d.blocks {
			if sample.language == "sh" && strings.Contains(sample.text, "caddy doors ") && !strings.HasPrefix(sample.text, "bin/caddy ") && (d.name != "README.md" || !slices.Contains(quickStarts, sample.heading)) {
				commands.WriteString("(\n" + sample.text + ")\n") // exported variables of one block do not reach the next
			}
		}
		if commands.Len() == 0 {
			continue
		}
		ran++
		t.Run(name, func(t *testing.T) {
			cluster := harness.NewCluster(t, pod.Config{}, podAddress, "127.0.1.2")
			handlers := harness.Caddyfile("dynamic_upstreams", "{env.DOORS_SECRET}", "upstream", []harness.Upstream{{CIDR: "127.0.1.0/24", Host: podAddress + " 127.0.1.2", Port: cluster.Port}}, "")
			handlers = replaceOnce(t, handlers, "cookie_name upstream", "cookie_name upstream\nroll_time 1s")
			caddy := harness.Start(t, harness.Options{Config: harness.Config{Handlers: handlers}, Env: []string{"DOORS_SECRET=" + cluster.Secret}})
			admin := fmt.Sprintf("127.0.0.1:%d", caddy.Places.Admin)
			folder := t.TempDir()
			write(t, folder, "Caddyfile", "{\nadmin off\n}\nhttp://127.0.0.1:1 {\n"+handlers+"\n}\n", 0o600)
			check(t, os.Symlink(harness.Default.Path(t), filepath.Join(folder, "caddy")))
			text := strings.NewReplacer(addressInText, podAddress, "localhost:2019", admin, "--idle 60s", "--idle 1s").Replace(commands.String())
			output := run(t, folder, []string{"PATH=" + folder + ":" + os.Getenv("PATH"), "CADDY_ADMIN=" + admin, "DOORS_SECRET=" + cluster.Secret, "token=" + cluster.Token(podAddress)},
				"bash", "-euo", "pipefail", "-c", text)
			if strings.Contains(text, "caddy doors explain") && !strings.Contains(output, fmt.Sprintf("%s:%d", podAddress, cluster.Port)) {
				t.Errorf("explain does not name the pod:\n%s", output)
			}
		})
	}
	if ran < 4 {
		t.Errorf("only %d pages show commands: is this test blind?", ran)
	}
}
