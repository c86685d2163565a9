// Package annotations renders the Pod annotations that concern images and disks on super nodes.
package annotations

import "strconv"

// Prefix is common to all keys.
const Prefix = "eks.tke.cloud.tencent.com/"

// Keys of the annotations, from the product's documentation of super node annotations. All values are strings.
const (
	UseImageCache = Prefix + "use-image-cache" // auto, or the id of a cache
	RootCBSSize   = Prefix + "root-cbs-size"   // GiB, digits only
)

// FreeDiskGiB is the system disk that every Pod gets and nobody pays for.
const FreeDiskGiB = 20

// PinTo gives the annotations that make a Pod start from one cache.
func PinTo(cacheID string) map[string]string {
	return map[string]string{UseImageCache: cacheID}
}

// RootDisk gives the annotations for a system disk of a size in GiB: none while the free disk is large enough.
func RootDisk(sizeGiB int64) map[string]string {
	if sizeGiB <= FreeDiskGiB {
		return map[string]string{}
	}
	return map[string]string{RootCBSSize: strconv.FormatInt(sizeGiB, 10)}
}
