package annotations

import "github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"

// Options are what a user wrote, by name. A value is a string, a bool, a *big.Float, a []any, a
// map[string]any, nil for what was left out, or Unknown.
type Options map[string]any

// Unknown is a value that will be known later. It may turn out to be nothing.
type Unknown struct{}

// DiskTypes are the cloud disks that an image cache can be copied to.
var DiskTypes = []string{"CLOUD_BASIC", "CLOUD_PREMIUM", "CLOUD_SSD", "CLOUD_HSSD", "CLOUD_TSSD"}

const (
	imageCache = "image_cache"
	cacheDisk  = "image_cache_disk_size_gib"
	rootDisk   = "root_disk_size_gib"
	gcHigh     = "image_gc_high_threshold_percent"
	gcLow      = "image_gc_low_threshold_percent"
)

// A mode is where a Pod's images are: the service knows two, and a Pod is in one of them.
type mode int

const (
	eitherMode     mode = iota
	imageCacheMode      // on a disk made from a cache
	systemDiskMode      // on the system disk
)

// option is one key that users may write, and the annotation that it becomes.
type option struct {
	name  string
	key   string
	mode  mode
	value valueKind
	about string // completes a sentence in the documentation
}

// options are all that can be written, in the order of the documentation.
var options = []option{
	{
		imageCache,
		UseImageCache,
		imageCacheMode,
		cacheReference{},
		"which cache the Pod starts from: the one that matches its images, or a specific one",
	},
	{
		cacheDisk,
		ImageCacheDiskSize,
		imageCacheMode,
		wholeNumber{gibibytes, disksize.MinGiB, disksize.MaxGiB},
		"size of the disk that is made from the cache; it can only be larger than the cache. Default: the cache's size",
	},
	{
		"image_cache_disk_type",
		ImageCacheDiskType,
		imageCacheMode,
		diskType{},
		"type of that disk. Default: `CLOUD_PREMIUM`",
	},
	{
		"image_cache_disk_retain_minutes",
		ImageCacheDiskRetainMinute,
		imageCacheMode,
		wholeNumber{minutes, 1, unbounded},
		"how long that disk is kept for the next Pod. Default: it is deleted with the Pod",
	},
	{
		rootDisk,
		RootCBSSize,
		systemDiskMode,
		wholeNumber{gibibytes, disksize.MinGiB, disksize.MaxGiB},
		"size of the system disk. Default: 20, which is free; what is above is billed",
	},
	{
		gcHigh,
		ImageGCHighThreshold,
		eitherMode,
		wholeNumber{percent, 1, 100},
		"how full the disk is when unused images begin to be removed; at 75 or less, write the low threshold too. " +
			"Default: 80",
	},
	{
		gcLow,
		ImageGCLowThreshold,
		eitherMode,
		wholeNumber{percent, 1, 100},
		"how full the disk is when the removal ends, less than the high threshold; at 80 or more, write that too. " +
			"Default: 75",
	},
	{
		"insecure_registries",
		RegistryInsecureSkipVerify,
		eitherMode,
		hostList{},
		"registries whose certificate is not checked",
	},
	{"http_registries", RegistryHTTPEndpoint, eitherMode, hostList{}, "registries that use plain HTTP"},
	{
		"cbs_reuse_key",
		CBSReuseKey,
		eitherMode,
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
