// Package root makes clean Debian roots: folders in which commands run with chroot, as in a
// container.
//
// The tests of a package that uses it start in Main, which runs them as root in mount and process
// namespaces of their own. So their mounts and processes end with them, and nothing is mounted
// there when the folders are removed.
package root

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// workVariable is the environment variable with the folder of the roots.
const workVariable = "DOORS_ROOTS"

// Main runs the tests of a package in namespaces of their own, as root, with sudo if that needs no
// password.
func Main(m *testing.M) {
	if os.Getenv(workVariable) != "" {
		os.Exit(m.Run())
	}
	os.Exit(apart())
}

func apart() int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "root:", err)
		return 1
	}
	top, err := filepath.Abs(Top)
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(filepath.Join(top, "target"), 0o755); err != nil {
		return fail(err)
	}
	work, err := os.MkdirTemp(filepath.Join(top, "target"), "roots.")
	if err != nil {
		return fail(err)
	}
	// Without --one-file-system a leaked mount would lose its files.
	defer func() { _ = asRoot("rm", "-rf", "--one-file-system", work).Run() }()
	self, err := os.Executable()
	if err != nil {
		return fail(err)
	}
	command := asRoot(append([]string{
		"env",
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GOFLAGS=" + os.Getenv("GOFLAGS"), workVariable + "=" + work,
		"unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc", self,
	}, os.Args[1:]...)...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		if exit, ok := err.(*exec.ExitError); ok {
			return exit.ExitCode()
		}
		return fail(err)
	}
	return 0
}

func asRoot(arguments ...string) *exec.Cmd {
	if os.Geteuid() != 0 {
		arguments = append([]string{"sudo", "-n"}, arguments...)
	}
	return exec.Command(arguments[0], arguments[1:]...)
}

// Top is the top folder of the repository, as seen from the folder of the tests.
const Top = "../.."

// Work returns a new folder that is removed after all tests.
func Work(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp(os.Getenv(workVariable), "")
	check(t, err)
	check(t, os.Chmod(folder, 0o755))
	return folder
}

// Debian returns a folder with a minimal Debian. It is made once and must not be changed: see Over.
func Debian(t testing.TB) string {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join(Top, "target", "debian-bookworm"))
	check(t, err)
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	build := Work(t)
	output, err := exec.Command("debootstrap", "--variant=minbase", "bookworm", build).CombinedOutput()
	if err != nil {
		t.Fatalf("debootstrap: %v\n%s", err, output)
	}
	// As in Debian's images: nothing here has to survive a loss of power.
	check(t, os.WriteFile(filepath.Join(build, "etc/dpkg/dpkg.cfg.d/unsafe-io"), []byte("force-unsafe-io\n"), 0o644))
	check(t, os.Rename(build, folder))
	return folder
}

// Over returns a root with the contents of the lower one, which it does not change. Without a lower
// one it is empty.
func Over(t testing.TB, lower string) string {
	t.Helper()
	work := Work(t)
	upper, merged := filepath.Join(work, "upper"), filepath.Join(work, "root")
	for _, folder := range []string{upper, merged, filepath.Join(work, "work"), filepath.Join(work, "none")} {
		check(t, os.Mkdir(folder, 0o755))
	}
	if lower == "" {
		lower = filepath.Join(work, "none")
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s/work", lower, upper, work)
	if err := syscall.Mount("overlay", merged, "overlay", 0, options); err != nil {
		t.Fatalf("overlay over %s: %v", lower, err)
	}
	return merged
}

// Command is a command to run in a root.
type Command struct {
	Env  []string
	Dir  string // in the root
	Args []string
	// Binds are folders of this machine by their path in the root. Writes go to a layer on top of
	// them.
	Binds map[string]string
}

// Run runs a command in a root, as root, with the network of this machine, and returns its output.
func Run(t testing.TB, root string, command Command) string {
	t.Helper()
	mounts := mount(t, root, command.Binds)
	defer func() {
		for _, place := range slices.Backward(mounts) {
			if err := syscall.Unmount(place, syscall.MNT_DETACH); err != nil {
				t.Errorf("unmount %s: %v", place, err)
			}
		}
	}()
	process := exec.Command(command.Args[0], command.Args[1:]...)
	process.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	process.Env, process.Dir = command.Env, command.Dir
	// Look the name up in the root.
	process.Path, process.Err = lookPath(root, command), nil
	output, err := process.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, output)
	}
	return string(output)
}

// mount mounts in a root what every container has, while a command runs.
func mount(t testing.TB, root string, binds map[string]string) (mounts []string) {
	t.Helper()
	at := func(source, place, kind string, flags uintptr, options string) {
		place = filepath.Join(root, place)
		if err := syscall.Mount(source, place, kind, flags, options); err != nil {
			t.Fatalf("mount %s at %s: %v", source, place, err)
		}
		mounts = append(mounts, place)
	}
	check(t, os.MkdirAll(filepath.Join(root, "proc"), 0o755))
	at("proc", "/proc", "proc", 0, "")
	// The name servers of this machine, and the certificates that it trusts.
	for _, file := range []string{"/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"} {
		if _, err := os.Stat(filepath.Join(root, file)); err == nil {
			at(file, file, "", syscall.MS_BIND, "")
		}
	}
	for place, source := range binds {
		check(t, os.MkdirAll(filepath.Join(root, place), 0o755))
		at(Over(t, source), place, "", syscall.MS_BIND, "")
	}
	return mounts
}

func lookPath(root string, command Command) string {
	name := command.Args[0]
	if strings.Contains(name, "/") {
		return name
	}
	for _, variable := range command.Env {
		if list, found := strings.CutPrefix(variable, "PATH="); found {
			for _, folder := range filepath.SplitList(list) {
				path := filepath.Join(folder, name)
				if _, err := os.Stat(filepath.Join(root, path)); err == nil {
					return path
				}
			}
		}
	}
	return name
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
