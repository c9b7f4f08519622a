//go:build !linux

package proxy

import "syscall"

func childAttributes() *syscall.SysProcAttr { return nil }
