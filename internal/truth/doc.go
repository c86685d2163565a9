//go:build linux

// Command truth compares the number with the thing itself: it generates images, measures them as the provider does, has
// containerd pull them onto file systems made for the purpose, and compares what was said with what was used.
//
// For each case of the corpus (cases.go) it
//
//   - generates the layers and pushes the images to a registry on loopback,
//   - measures them in all four ways,
//   - formats a sparse file of the recommended size, starts containerd on it and pulls the images, which must succeed: the
//     difference in blocks and inodes is the truth,
//   - does it again on a disk of required_bytes and no more, where the file system's own share is missing: this pull must fail
//     for want of space,
//   - holds the claims of claims.go against both.
//
// It needs Linux and root, since it mounts, and Debian's containerd, debootstrap, e2fsprogs, pigz, tar, zstd; scripts/truth.sh sees
// to that and starts it in a mount namespace of its own, so that no mount outlives it however it ends. `make truth` runs it
// all, `make truth TRUTH_FLAGS=-short` the cases that are small. Everything needs 35 GB below TMPDIR for a while and took 41
// minutes on two cores that did other things too; the small cases take two minutes once Debian is in the folder that TKEIMAGE_TRUTH_CACHE names.
package main
