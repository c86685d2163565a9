package peers_test

// The reasons that several differences have.
const (
	notUsed         = "not used"
	mayHoldPassword = "may hold a password, which must not reach a state or a log"
	stricter        = "what comes of it is not published: the stand-in refuses it, our client always sends it"
	repeatsCache    = "the id of the cache that holds the event"
	otherPrice      = "InquiryPriceCreateDisks is what prices a disk"
	inAnswer        = "the answer says of each disk what it is for"
	sameTime        = "the same moment as ExpiredTime, as text"
	onlyAccount     = "only the account is compared with the allowed ones"
	byTheHour       = "of a prepaid disk; those of Pods are billed by the hour"
	plainDisk       = "disks of Pods have no such extra"
	noInstance      = "no instance is bought with the disk"
	byHand          = "the guide to robot accounts calls it, not the provider"
)

// knownDifferences are those between the official client's typings on one side, and our clients and
// stand-ins on the other, each with its reason.
var knownDifferences = map[string]string{
	"our client does not send DescribeImageCaches.Filters":                                   "ImageCacheNames selects by name too",
	"our client does not read DescribeImageCaches.ImageCaches[].ImageRegistryCredentials":    mayHoldPassword,
	"our client does not read GetMostSuitableImageCache.ImageCache.ImageRegistryCredentials": mayHoldPassword,
	"our client does not read DescribeImageCaches.ImageCaches[].Events[].ImageCacheId":       repeatsCache,
	"our client does not read GetMostSuitableImageCache.ImageCache.Events[].ImageCacheId":    repeatsCache,
	"the stand-in requires what is optional: CreateImageCache.Tags[].Key":                    stricter,
	"the stand-in requires what is optional: CreateImageCache.Tags[].Value":                  stricter,
	"the stand-in requires what is optional: UpdateImageCache.Tags[].Key":                    stricter,
	"the stand-in requires what is optional: UpdateImageCache.Tags[].Value":                  stricter,

	"our client does not read AssumeRole.Expiration":                sameTime,
	"our client does not read AssumeRoleWithSAML.Expiration":        sameTime,
	"our client does not read AssumeRoleWithWebIdentity.Expiration": sameTime,
	"our client does not read GetCallerIdentity.Arn":                onlyAccount,
	"our client does not read GetCallerIdentity.PrincipalId":        onlyAccount,
	"our client does not read GetCallerIdentity.Type":               onlyAccount,
	"our client does not read GetCallerIdentity.UserId":             onlyAccount,

	"no stand-in has DescribeInstanceToken":          notUsed,
	"our client does not call DescribeInstanceToken": notUsed,
	"no stand-in has ModifyInstanceToken":            notUsed,
	"our client does not call ModifyInstanceToken":   notUsed,
	"no stand-in has CreateServiceAccount":           byHand,
	"our client does not call CreateServiceAccount":  byHand,

	"the stand-in does not take InquiryPriceCreateDisks.DiskChargePrepaid":                   byTheHour,
	"our client does not send InquiryPriceCreateDisks.DiskChargePrepaid":                     byTheHour,
	"our client does not send InquiryPriceCreateDisks.DiskBackupQuota":                       plainDisk,
	"our client does not send InquiryPriceCreateDisks.ProjectId":                             plainDisk,
	"our client does not send InquiryPriceCreateDisks.ThroughputPerformance":                 plainDisk,
	"our client does not read InquiryPriceCreateDisks.DiskPrice.DiscountPrice":               byTheHour,
	"our client does not read InquiryPriceCreateDisks.DiskPrice.DiscountPriceHigh":           byTheHour,
	"our client does not read InquiryPriceCreateDisks.DiskPrice.OriginalPrice":               byTheHour,
	"our client does not read InquiryPriceCreateDisks.DiskPrice.OriginalPriceHigh":           byTheHour,
	"our client does not send DescribeDiskConfigQuota.CPU":                                   noInstance,
	"our client does not send DescribeDiskConfigQuota.InstanceFamilies":                      noInstance,
	"our client does not send DescribeDiskConfigQuota.Memory":                                noInstance,
	"our client does not send DescribeDiskConfigQuota.DedicatedClusterId":                    notUsed,
	"our client does not send DescribeDiskConfigQuota.DiskUsage":                             inAnswer,
	"our client does not read DescribeDiskConfigQuota.DiskConfigSet[].DeviceClass":           notUsed,
	"our client does not read DescribeDiskConfigQuota.DiskConfigSet[].DiskChargeType":        "the request names it",
	"our client does not read DescribeDiskConfigQuota.DiskConfigSet[].ExtraPerformanceRange": plainDisk,
	"our client does not read DescribeDiskConfigQuota.DiskConfigSet[].InstanceFamily":        noInstance,
	"the stand-in does not answer DescribeDiskConfigQuota.DiskConfigSet[].Price":             otherPrice,
	"our client does not read DescribeDiskConfigQuota.DiskConfigSet[].Price":                 otherPrice,
}
