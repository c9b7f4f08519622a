//go:build linux

package blackhole

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// inside is an environment variable that is set in the namespace.
const inside = "DOORS_ROLLOUT_NAMESPACE"

// Inside reports whether this process runs in a namespace made by In.
func Inside() bool { return os.Getenv(inside) != "" }

// In runs this program again with the same arguments, in a new network namespace, and returns its
// exit code. An error means that the system does not allow it and nothing has run. The main
// goroutine must be locked to its thread, since the program ends when that thread does.
func In() (exitCode int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return 0, err
	}
	// Find out with a harmless command whether it works.
	if output, err := Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w %s", err, output)
	}
	child := Command(self, os.Args[1:]...)
	child.Env = append(os.Environ(), inside+"=1")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		return 0, err
	}
	// A terminal sends its signals to both processes. A signal sent to this process alone is passed
	// on.
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

// Command returns a program to run in a new network namespace, without any interface up. It ends
// with the thread that starts it.
func Command(program string, arguments ...string) *exec.Cmd {
	command := exec.Command(program, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 { // an ordinary user becomes root in a user namespace
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return command
}

// Up brings the loopback interface of the namespace up. It also makes connections that a listener
// has not accepted move to the next listener when it closes. By default the kernel resets them, so
// that every reload of Caddy resets a few.
func Up() error {
	_ = os.WriteFile("/proc/sys/net/ipv4/tcp_migrate_req", []byte("1"), 0) // not in kernels before 5.14
	return IP("link set lo up")
}
