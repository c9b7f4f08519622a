//go:build !linux

package child

import "syscall"

// Attributes returns nil: only Linux ends a process with its parent.
func Attributes() *syscall.SysProcAttr { return nil }
