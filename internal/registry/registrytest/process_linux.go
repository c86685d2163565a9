package registrytest

import "syscall"

// dieWithParent has the system end the registry when this process is killed and no cleanup runs.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
