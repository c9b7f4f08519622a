package main

import (
	"runtime"
	"syscall"
)

// The parent-death signal is sent when the thread that started the child ends. The main goroutine
// keeps the main thread, which ends last.
func init() { runtime.LockOSThread() }

func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
