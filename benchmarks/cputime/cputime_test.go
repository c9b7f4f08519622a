package cputime

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func used(t *testing.T, pid int) time.Duration {
	t.Helper()
	time, err := Of(pid)
	if err != nil {
		t.Fatal(err)
	}
	return time
}

// The kernel's own figure for a process is between two readings.
func TestAgreesWithTheKernel(t *testing.T) {
	before := used(t, os.Getpid())
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	after := used(t, os.Getpid())
	told := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	if told < before-time.Millisecond || told > after+time.Millisecond || before <= 0 {
		t.Errorf("before %v, told %v, after %v", before, told, after)
	}
}

func TestAnotherProcess(t *testing.T) {
	busy := exec.Command("sh", "-c", "while :; do :; done")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Wait() }()
	defer busy.Process.Kill()
	for first := used(t, busy.Process.Pid); used(t, busy.Process.Pid) < first+10*time.Millisecond; {
		time.Sleep(time.Millisecond)
	}
}

func TestNoSuchProcess(t *testing.T) {
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	if time, err := Of(ended.Process.Pid); err == nil {
		t.Errorf("a process that has ended: %v", time)
	}
}
