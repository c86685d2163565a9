// Package annotations renders the Pod annotations that concern images and disks on super nodes.
//
// keys.go names them, options.go says what users may write, values.go, numbers.go, disktypes.go and
// hosts.go check and write one value, render.go puts the values together, and eksconfig.go writes
// annotations as the default of a whole cluster. These know no Terraform; the functions over them
// are in function_*.go.
package annotations

import (
	"strconv"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// Prefix is common to all keys.
const Prefix = "eks.tke.cloud.tencent.com/"

// Keys of the annotations, from the product's documentation of super node annotations. All values
// are strings.
const (
	UseImageCache = Prefix + "use-image-cache" // auto, or the id of a cache
	// ImageCacheDiskSize is in GiB, digits only, and at least the cache's size.
	ImageCacheDiskSize         = Prefix + "image-cache-disk-size"
	ImageCacheDiskType         = Prefix + "image-cache-disk-type"          // a type of cloud disk
	ImageCacheDiskRetainMinute = Prefix + "image-cache-disk-retain-minute" // minutes

	RootCBSSize = Prefix + "root-cbs-size" // GiB, digits only
	// RootCBSType is a type of cloud disk. The product's page mentions the annotation and not its
	// key.
	RootCBSType = Prefix + "root-cbs-type"
	CBSReuseKey = Prefix + "cbs-reuse-key" // any string

	RegistryInsecureSkipVerify = Prefix + "registry-insecure-skip-verify" // hosts, comma separated
	RegistryHTTPEndpoint       = Prefix + "registry-http-endpoint"        // hosts, comma separated

	ImageGCHighThreshold = Prefix + "image-gc-high-threshold" // percent, default 80
	ImageGCLowThreshold  = Prefix + "image-gc-low-threshold"  // percent, default 75
	ImageGCPeriod        = Prefix + "image-gc-period"         // a duration, default 3m

	ContainerGCThreshold  = Prefix + "container-gc-threshold"   // percent, default 85
	MustKeepLastContainer = Prefix + "must-keep-last-container" // true or false, default false
	PodEvictionThreshold  = Prefix + "pod-eviction-threshold"   // percent, default: off
)

// PinTo returns the annotations that make a Pod start from one cache.
func PinTo(cacheID string) map[string]string {
	return map[string]string{UseImageCache: cacheID}
}

// RootDisk returns the annotations for a system disk of a size in GiB: none while the free disk is
// large enough.
func RootDisk(sizeGiB int64) map[string]string {
	if sizeGiB <= disksize.MinGiB {
		return map[string]string{}
	}
	return map[string]string{RootCBSSize: strconv.FormatInt(sizeGiB, 10)}
}
