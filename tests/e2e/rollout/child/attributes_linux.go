package child

import "syscall"

// Attributes puts a process into a group of its own, so that Ctrl-C does not reach it, and ends it
// with the thread that starts it. The caller must be locked to a thread that lasts.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
