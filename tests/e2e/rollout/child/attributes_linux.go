package child

import "syscall"

// Attributes puts a process into a group of its own, away from Ctrl-C, and ends it with the thread that starts it. Whoever
// starts one must be locked to a thread that lasts.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
