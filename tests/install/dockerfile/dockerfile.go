// Package dockerfile builds an image from a Dockerfile without Docker. BuildKit's own parser reads
// the file. Commands run in roots of package root, one on top of the other like the stages. Unknown
// instructions are errors.
package dockerfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"github.com/doors-dev/doors-caddy/tests/install/root"
)

// Image is the result of a build.
type Image struct {
	Root    string // folder
	Env     []string
	User    string
	Dir     string
	Cmd     []string
	Exposed []string
}

// Build describes a build.
type Build struct {
	File    string            // text of the Dockerfile
	Context string            // folder from which files are copied
	Args    map[string]string // --build-arg
	// Images are the roots of base images, by name. "scratch" need not be among them. Run adds the
	// stages that it builds, and does not build them again.
	Images map[string]Image
	// Caches are folders of this machine with initial contents for RUN --mount=type=cache, by
	// target.
	Caches map[string]string
}

// defaultPath is what Docker sets if an image does not.
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Run builds a stage, or the last one if target is empty.
func (b Build) Run(t testing.TB, target string) Image {
	t.Helper()
	parsed, err := parser.Parse(strings.NewReader(b.File))
	check(t, err)
	for _, warning := range parsed.Warnings {
		t.Errorf("Dockerfile: %s", warning.Short)
	}
	stages, arguments, err := instructions.Parse(parsed.AST, nil)
	check(t, err)
	if len(arguments) > 0 {
		t.Fatal("ARG before the first FROM is not supported")
	}
	var image Image
	for _, stage := range stages {
		known := false
		if image, known = b.Images[stage.Name]; !known {
			image = b.stage(t, stage)
		}
		if stage.Name != "" {
			b.Images[stage.Name] = image
		}
		if target != "" && stage.Name == target {
			return image
		}
	}
	if target != "" {
		t.Fatalf("no stage is called %s", target)
	}
	return image
}

func (b Build) stage(t testing.TB, stage instructions.Stage) Image {
	t.Helper()
	image, found := b.Images[stage.BaseName]
	if !found && stage.BaseName != "scratch" {
		t.Fatalf("FROM %s: Build.Images has no such image", stage.BaseName)
	}
	image.Root = root.Over(t, image.Root)
	image.Env, image.Exposed = slices.Clone(image.Env), slices.Clone(image.Exposed)
	lex := shell.NewLex('\\')
	arguments := map[string]string{}
	for _, command := range stage.Commands {
		t.Logf("%s: %s", stage.BaseName, command)
		if expandable, ok := command.(instructions.SupportsSingleWordExpansion); ok {
			check(t, expandable.Expand(func(word string) (string, error) {
				result, err := lex.ProcessWordWithMatches(word, shell.EnvsFromSlice(b.environment(image, arguments)))
				return result.Result, err
			}))
		}
		switch command := command.(type) {
		case *instructions.ArgCommand:
			for _, argument := range command.Args {
				if value, given := b.Args[argument.Key]; given {
					arguments[argument.Key] = value
				} else if argument.Value != nil {
					arguments[argument.Key] = *argument.Value
				}
			}
		case *instructions.EnvCommand:
			for _, pair := range command.Env {
				image.Env = set(image.Env, pair.Key, pair.Value)
			}
		case *instructions.WorkdirCommand:
			image.Dir = command.Path
			check(t, os.MkdirAll(filepath.Join(image.Root, command.Path), 0o755))
		case *instructions.UserCommand:
			image.User = command.User
		case *instructions.CmdCommand:
			if command.PrependShell {
				t.Fatal("CMD needs a shell")
			}
			image.Cmd = command.CmdLine
		case *instructions.ExposeCommand:
			image.Exposed = append(image.Exposed, command.Ports...)
		case *instructions.CopyCommand:
			b.copy(t, image, command)
		case *instructions.RunCommand:
			b.run(t, image, command, arguments)
		default:
			t.Fatalf("%s is not supported", command.Name())
		}
	}
	return image
}

// environment returns the environment of a command of a build.
func (b Build) environment(image Image, arguments map[string]string) []string {
	environment := []string{defaultPath, "HOME=/root"}
	for key, value := range arguments {
		environment = set(environment, key, value)
	}
	for _, variable := range image.Env {
		key, value, _ := strings.Cut(variable, "=")
		environment = set(environment, key, value)
	}
	return environment
}

func (b Build) run(t testing.TB, image Image, command *instructions.RunCommand, arguments map[string]string) {
	t.Helper()
	if image.User != "" {
		t.Fatal("RUN as another user is not supported")
	}
	if !command.PrependShell || len(command.Files) > 0 {
		t.Fatal("RUN without a shell, or with a file, is not supported")
	}
	binds := map[string]string{}
	for _, mount := range instructions.GetMounts(command) {
		source, found := b.Caches[mount.Target]
		if mount.Type != instructions.MountTypeCache || !found {
			t.Fatalf("RUN --mount=type=%s,target=%s is not supported", mount.Type, mount.Target)
		}
		binds[mount.Target] = source
	}
	output := root.Run(t, image.Root, root.Command{
		Env: b.environment(image, arguments), Dir: image.Dir, Binds: binds,
		Args: append([]string{"/bin/sh", "-c"}, command.CmdLine...),
	})
	t.Log(tail(output, 3))
}

// set sets or replaces a variable.
func set(environment []string, key, value string) []string {
	environment = slices.DeleteFunc(environment, func(variable string) bool { return strings.HasPrefix(variable, key+"=") })
	return append(environment, key+"="+value)
}

func tail(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
