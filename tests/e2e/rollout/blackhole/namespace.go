//go:build linux

package blackhole

// In:  this program and its arguments.
// Out: the same program in a network namespace of its own, with the loopback interface up.

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// inside marks the environment of the program in its namespace.
const inside = "DOORS_ROLLOUT_NAMESPACE"

// Inside tells whether this process runs in a namespace that In has made.
func Inside() bool { return os.Getenv(inside) != "" }

// In runs this program again, with the same arguments, in a new network namespace, and returns its exit code. An error means
// that it has not run: the system does not allow it. The main goroutine must be locked to its thread, since the program
// ends when that thread does.
func In() (exitCode int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return 0, err
	}
	// Whether it works is asked with a command that does nothing else.
	if output, err := Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w %s", err, output)
	}
	child := Command(self, os.Args[1:]...)
	child.Env = append(os.Environ(), inside+"=1")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		return 0, err
	}
	// A terminal sends its signals to both; one that comes to us alone is passed on.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for one := range signals {
			if one == syscall.SIGTERM {
				_ = child.Process.Signal(one)
			}
		}
	}()
	err = child.Wait()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return 0, err
	}
	if code := child.ProcessState.ExitCode(); code >= 0 {
		return code, nil
	}
	return 1, nil // ended by a signal
}

// Command runs a program in a network namespace of its own, in which nothing is up. It ends with the thread that starts it.
func Command(program string, arguments ...string) *exec.Cmd {
	command := exec.Command(program, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 { // an ordinary user is root in a namespace of users
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return command
}

// Up brings the loopback interface of the namespace up, and lets connections that wait for a listener pass on to the
// next one when it closes: without that, which is the kernel's default, every reload of Caddy resets a few of them.
func Up() error {
	_ = os.WriteFile("/proc/sys/net/ipv4/tcp_migrate_req", []byte("1"), 0) // kernels before 5.14 do not have it
	return run("link", "set", "lo", "up")
}
