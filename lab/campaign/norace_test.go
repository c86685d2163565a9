//go:build linux && !race

package campaign

const (
	raceDetector = false
	mostMemory   = 150 // what no process of the provider may exceed, in MiB
)
