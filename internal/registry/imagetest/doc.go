// Package imagetest makes images of any size, and pushes them: for tests, the demonstration and the
// comparison with containerd.
package imagetest
