// Package sandbox is what the demonstration and the lifecycle tests share: images to push, a mirror to install the
// provider from, and a Terraform CLI that depends on nothing of its user's.
package sandbox
