//go:build !linux

package blackhole

import (
	"errors"
	"net/netip"
	"os/exec"
)

var errLinux = errors.New("network namespaces exist on Linux only")

// Hole cannot be opened here.
type Hole struct{}

// Inside is false: there is no namespace.
func Inside() bool { return false }

// In fails: there is no namespace.
func In() (int, error) { return 0, errLinux }

// Command makes no namespace.
func Command(program string, arguments ...string) *exec.Cmd { return &exec.Cmd{Err: errLinux} }

// Up fails: there is no namespace.
func Up() error { return errLinux }

// Open fails: there is no namespace.
func Open() (*Hole, error) { return nil, errLinux }

// Swallow fails.
func (*Hole) Swallow(netip.Addr) error { return errLinux }

// Spare fails.
func (*Hole) Spare(netip.Addr) error { return errLinux }

// Close does nothing.
func (*Hole) Close() error { return nil }
