package dockerfile

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// copy executes COPY with one file, or with the contents of a folder. The copies belong to root
// unless --chown says otherwise.
func (b Build) copy(t testing.TB, image Image, command *instructions.CopyCommand) {
	t.Helper()
	if len(command.SourcePaths) != 1 || len(command.SourceContents) > 0 || command.Chmod != "" || command.Link || len(command.ExcludePatterns) > 0 {
		t.Fatalf("%s: not known here", command)
	}
	top, ignored := b.Context, func(string) bool { return false }
	if command.From != "" {
		source, found := b.Images[command.From]
		if !found {
			t.Fatalf("COPY --from=%s: unknown stage", command.From)
		}
		top = source.Root
	} else {
		ignored = b.ignored(t)
	}
	user, group := 0, 0
	if command.Chown != "" {
		before, after, found := strings.Cut(command.Chown, ":")
		var err error
		user, err = strconv.Atoi(before)
		check(t, err)
		group = user
		if found {
			group, err = strconv.Atoi(after)
			check(t, err)
		}
	}
	source, place := filepath.Join(top, command.SourcePaths[0]), command.DestPath
	if !filepath.IsAbs(place) {
		place = filepath.Join(image.Dir, place)
	}
	place = filepath.Join(image.Root, place)
	if strings.HasSuffix(command.DestPath, "/") {
		if info, err := os.Stat(source); err == nil && !info.IsDir() {
			place = filepath.Join(place, filepath.Base(source))
		}
	}
	check(t, os.MkdirAll(filepath.Dir(place), 0o755))
	check(t, filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name, _ := filepath.Rel(top, path); name != "." && ignored(name) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		return copyEntry(path, filepath.Join(place, name), entry, user, group, name == ".")
	}))
}

// ignored returns a function that reports whether .dockerignore excludes a path of the context.
func (b Build) ignored(t testing.TB) func(string) bool {
	t.Helper()
	file, err := os.Open(filepath.Join(b.Context, ".dockerignore"))
	check(t, err)
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	check(t, err)
	matcher, err := patternmatcher.New(patterns)
	check(t, err)
	return func(name string) bool {
		matches, err := matcher.MatchesOrParentMatches(name)
		check(t, err)
		return matches
	}
}

func copyEntry(source, place string, entry fs.DirEntry, user, group int, top bool) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	switch {
	case entry.IsDir():
		err := os.Mkdir(place, info.Mode().Perm())
		if os.IsExist(err) {
			// Existing folders keep their owner.
			return nil
		}
		if err != nil || top {
			return err
		}
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(source)
		if err != nil {
			return err
		}
		if err := os.Symlink(target, place); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		if err := copyFile(source, place, info.Mode().Perm()); err != nil {
			return err
		}
	}
	return os.Lchown(place, user, group)
}

func copyFile(source, place string, mode fs.FileMode) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(place, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return err
	}
	return to.Close()
}
