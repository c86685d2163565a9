//go:build linux && !race

package campaign

const raceDetector = false
