package harness

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// rootProgram is the path of the binary in its own root. It cannot be /caddy: without a home
// directory Caddy creates a data folder of that name.
const rootProgram = "/bin/caddy"

// makeRoot copies the binary into the folder.
func makeRoot(t testing.TB, folder string, binary Binary) {
	t.Helper()
	source, err := os.Open(binary.Path(t))
	check(t, err)
	defer source.Close()
	check(t, os.Mkdir(filepath.Join(folder, filepath.Dir(rootProgram)), 0o755))
	// A process forked while the file is open for writing would prevent its execution.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	target, err := os.OpenFile(filepath.Join(folder, rootProgram), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	check(t, err)
	_, err = io.Copy(target, source)
	check(t, err)
	check(t, target.Close())
}

// confine makes the folder the root of a command that has not started, and clears its environment.
// It needs root, or the right to make a user namespace.
func confine(command *exec.Cmd, folder string) {
	command.Dir, command.Env = "/", []string{}
	command.SysProcAttr.Chroot = folder
	if os.Geteuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
}
