//go:build !linux

package registrytest

import "syscall"

// dieWithParent is something that only Linux offers: elsewhere, a killed test may leave its registry behind.
func dieWithParent() *syscall.SysProcAttr { return nil }
