// Package sandbox makes the images that the demonstration, the bench, the comparison with containerd
// and the tests push to their registries.
package sandbox
