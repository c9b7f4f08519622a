// Package cputime reads how much CPU time a process has used, in nanoseconds, where /proc/PID/stat has ticks of 10 ms.
package cputime

// In:  the number of a process.
// Out: the CPU time of all its threads, user and system, also of those that have ended.

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// Of reads the CPU-time clock of a process. The number of that clock is made as clock_getcpuclockid(3) makes it in Linux.
func Of(pid int) (time.Duration, error) {
	const perProcessSched = 2
	clock := uintptr(^pid<<3 | perProcessSched)
	var read syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&read)), 0); errno != 0 {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, errno)
	}
	return time.Duration(read.Nano()), nil
}
