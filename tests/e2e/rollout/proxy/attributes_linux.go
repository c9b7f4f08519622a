package proxy

import "syscall"

// A group of its own keeps Ctrl-C away; the signal ends what would outlive us.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
