//go:build !linux

package blackhole

import (
	"errors"
	"net/netip"
	"os/exec"
)

var errLinux = errors.New("network namespaces exist on Linux only")

// Hole cannot be opened on this system.
type Hole struct{}

// Inside returns false.
func Inside() bool { return false }

// In fails.
func In() (int, error) { return 0, errLinux }

// Command returns a program that fails.
func Command(program string, arguments ...string) *exec.Cmd { return &exec.Cmd{Err: errLinux} }

// Up fails.
func Up() error { return errLinux }

// Open fails.
func Open() (*Hole, error) { return nil, errLinux }

// Swallow fails.
func (*Hole) Swallow(netip.Addr) error { return errLinux }

// Spare fails.
func (*Hole) Spare(netip.Addr) error { return errLinux }

// Close does nothing.
func (*Hole) Close() error { return nil }
