package annotations

import "github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"

// Options are what a user wrote, by name. A value is a string, a bool, a *big.Float, a []any, a
// map[string]any, nil for what was left out, or Unknown.
type Options map[string]any

// Unknown is a value that will be known later. It may turn out to be nothing.
type Unknown struct{}

// Names of the options that other options refer to.
const (
	imageCache   = "image_cache"
	cacheSize    = "image_cache_disk_size_gib"
	cacheType    = "image_cache_disk_type"
	rootDisk     = "root_disk_size_gib"
	rootDiskType = "root_disk_type"
	gcHigh       = "image_gc_high_threshold_percent"
	gcLow        = "image_gc_low_threshold_percent"
)

// disk is the disk of a Pod that an option concerns.
type disk int

const (
	anyDisk    disk = iota
	cacheDisk       // made from an image cache
	systemDisk      // of a Pod that uses no image cache
)

// option is one key that users may write, and the annotation that it becomes.
type option struct {
	name  string
	key   string
	disk  disk
	value valueKind
	about string // completes a sentence in the documentation
}

// options are all that can be written, in the order of the documentation.
var options = []option{
	{
		imageCache,
		UseImageCache,
		cacheDisk,
		cacheReference{},
		"which cache the Pod starts from: the one that matches its images, or a specific one",
	},
	{
		cacheSize,
		ImageCacheDiskSize,
		cacheDisk,
		wholeNumber{gibibytes, disksize.MinGiB, disksize.MaxGiB},
		"size of the disk that is made from the cache; it can only be larger than the cache. Default: the cache's size",
	},
	{
		cacheType,
		ImageCacheDiskType,
		cacheDisk,
		diskType{},
		"type of that disk. Default: `CLOUD_PREMIUM`",
	},
	{
		"image_cache_disk_retain_minutes",
		ImageCacheDiskRetainMinute,
		cacheDisk,
		wholeNumber{minutes, 1, unbounded},
		"how long that disk is kept for the next Pod. Default: it is deleted with the Pod",
	},
	{
		rootDisk,
		RootCBSSize,
		systemDisk,
		wholeNumber{gibibytes, disksize.MinGiB, disksize.MaxGiB},
		"size of the system disk, which serves when no image cache does. Default: 20, which is free; what is above " +
			"is billed",
	},
	{
		rootDiskType,
		RootCBSType,
		systemDisk,
		diskType{},
		"type of the system disk. Default: `CLOUD_PREMIUM`",
	},
	{
		gcHigh,
		ImageGCHighThreshold,
		anyDisk,
		wholeNumber{percent, 1, 100},
		"how full the disk is when unused images begin to be removed; at 75 or less, write the low threshold too. " +
			"Default: 80",
	},
	{
		gcLow,
		ImageGCLowThreshold,
		anyDisk,
		wholeNumber{percent, 1, 100},
		"how full the disk is when the removal ends, less than the high threshold; at 80 or more, write that too. " +
			"Default: 75",
	},
	{
		"image_gc_period",
		ImageGCPeriod,
		anyDisk,
		duration{},
		"time between two looks at the thresholds. Default: `3m`",
	},
	{
		"container_gc_threshold_percent",
		ContainerGCThreshold,
		anyDisk,
		wholeNumber{percent, 1, 100},
		"how full the disk is when ended containers are removed. Default: 85",
	},
	{
		"must_keep_last_container",
		MustKeepLastContainer,
		anyDisk,
		boolean{},
		"whether the last ended container is kept from that removal. Default: `false`",
	},
	{
		"pod_eviction_threshold_percent",
		PodEvictionThreshold,
		anyDisk,
		wholeNumber{percent, 1, 100},
		"how full the system disk is when the Pod is restarted. Default: it is never restarted for that",
	},
	{
		"insecure_registries",
		RegistryInsecureSkipVerify,
		anyDisk,
		hostList{},
		"registries whose certificate is not checked",
	},
	{"http_registries", RegistryHTTPEndpoint, anyDisk, hostList{}, "registries that use plain HTTP"},
	{
		"cbs_reuse_key",
		CBSReuseKey,
		anyDisk,
		anyString{},
		"Pods with the same key share the system disk of one that ended in the zone within two hours. Default: " +
			"Pods of one workload do",
	},
}

func findOption(name string) (option, bool) {
	for _, o := range options {
		if o.name == name {
			return o, true
		}
	}
	return option{}, false
}
