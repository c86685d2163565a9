//go:build linux

// Command truth compares the number with the thing itself: it makes images, measures them as the
// provider does, has real containerds pull them onto file systems made for the purpose, and
// compares the measurement with what they use.
//
// The corpus (cases.go) has generated layers, which mislead numbers such as ours on purpose, and
// real content (products.go): packages of Debian and npm, packed by BuildKit, buildah, skopeo,
// umoci and crane. For each case it
//
//   - makes the layers and pushes the images to a registry on loopback,
//   - measures them in all four ways,
//   - for each release of containerd formats a sparse file of the recommended size, starts
//     containerd on it and pulls the images, which must succeed: the difference in blocks and
//     inodes is the truth, and that of the release which takes most counts,
//   - does it again on a disk of required_bytes and no more, where the file system's own share is
//     missing: this pull must fail for want of space,
//   - compares both with the claims of claims.go, which are narrower for real content.
//
// It needs Linux and root, since it mounts, and Debian's containerd, debootstrap, e2fsprogs,
// buildah, npm, pigz, skopeo, tar, umoci and zstd; scripts/truth.sh installs them and starts it in
// a mount namespace of its own, so that no mount outlives it however it ends. `make truth` runs it
// all, with BuildKit and a second containerd built from their modules, `make truth
// TRUTH_FLAGS=-short` the cases that are small. TKEIMAGE_TRUTH_CACHE names a folder that keeps the
// packages between runs, and with -keep the images too, with what containerd used: after a change
// of how layers are measured, the next run measures them and pulls only what is not known.
//
// With -sizes it measures images that need 20 to 60 GiB instead (sizes.go), which are spliced of
// real content and not pulled.
package main
