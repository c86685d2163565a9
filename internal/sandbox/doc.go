// Package sandbox is what the demonstration, the bench, the comparison with containerd and the
// tests share: images to push, a mirror to install the provider from, and a Terraform CLI that
// depends on nothing of its user's.
package sandbox
