//go:build linux && race

package campaign

const (
	raceDetector = true
	mostMemory   = 600 // the detector takes several times what the program does (go.dev/doc/articles/race_detector)
)
