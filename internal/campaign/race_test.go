//go:build linux && race

package campaign

const raceDetector = true
