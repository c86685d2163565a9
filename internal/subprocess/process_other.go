//go:build !linux

package subprocess

import "syscall"

// dieWithParent is something that only Linux offers: elsewhere, a killed test may leave its
// children behind.
func dieWithParent() *syscall.SysProcAttr { return nil }
