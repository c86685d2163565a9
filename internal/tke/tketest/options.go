package tketest

import (
	"net/http"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// What a server accepts when [Options.Credentials] is empty.
const (
	DefaultSecretID  = "AKIDtketestexampleexampleexample"
	DefaultSecretKey = "tketestexamplekeyexamplekey"
	DefaultRegion    = "ap-guangzhou"
)

// Credential is one key pair that the service knows. A Token makes it a temporary one, which is
// refused without it.
type Credential = apitest.Credential

// Options is how a stand-in differs from the one that most tests want, which is the zero value.
type Options struct {
	// Credentials that are known. Default: DefaultSecretID with DefaultSecretKey.
	Credentials []Credential
	// Sessions returns further credentials by secret id: those that a stand-in for STS has issued.
	// Optional.
	Sessions func(secretID string) (Credential, bool)
	// Regions that are served, each with caches of its own. Default: five, DefaultRegion being the
	// first.
	Regions []string
	// UIN is the account in CAM's messages. Default: 100000000001.
	UIN string

	// Clock is the service's time: creation, events, expiry. Default: time.Now.
	Clock func() time.Time
	// SignatureClock is what a signature's timestamp is checked against. Default: Clock. With Clock
	// a day behind and this one right, a client sees caches that ought to have expired already.
	SignatureClock func() time.Time

	// RequestsPerSecond for each action; negative lifts the limit. Default: 20, the published
	// limit. The limit runs on real time, so that a Clock that stands still does not throttle for
	// ever.
	RequestsPerSecond int
	// Pace is the time that each step of a build takes, beside the pull itself; negative takes
	// none. Default: 2 ms.
	Pace time.Duration

	// Builder makes the images of a cache available. Default: pull them from their registries.
	Builder Builder
	// BytesPerGiB scales disks down, so that small images do not fit. Default: 1 << 30.
	BytesPerGiB int64
	// Transport is what the default builder pulls through. Default: a transport of the server's
	// own. It is cloned, so that what is set here stays as it was.
	Transport *http.Transport

	// AutomaticTags are what the account puts onto every new cache beside the tags that were asked
	// for. Default: none.
	AutomaticTags []Tag
	// RewriteAnswer changes what answers return of a cache, for a service that spells in its own
	// way. Default: as the cache is.
	RewriteAnswer func(*Cache)
	// TimeForms are the forms that times are written in, in turn. Default: all of them.
	TimeForms []TimeForm
	// Unconfirmed settles what is not published.
	Unconfirmed Unconfirmed
}

// Unconfirmed holds the points of the API on which no authoritative source was found. A false or
// zero field is the assumption that the client is written for; setting it plays the other case,
// which the client must survive too.
type Unconfirmed struct {
	// AllowShrink lets UpdateImageCache make a cache smaller. Default: InvalidParameterValue.
	AllowShrink bool
	// UnknownIDNotFound makes DescribeImageCaches answer ResourceNotFound. Default: the id is not
	// in the list.
	UnknownIDNotFound bool
	// NotFoundCode is the code for what does not exist. Default: ResourceNotFound.
	NotFoundCode string
	// DeleteUnknown makes DeleteImageCaches pass over unknown ids. Default: ResourceNotFound, and
	// nothing is deleted.
	DeleteUnknown bool
	// EmptyListKeeps makes an update ignore `[]`. Default: it clears the list.
	EmptyListKeeps bool
	// ResetOmitted makes an update reset retention, credentials, security groups and tags that it
	// does not carry. Default: they are kept.
	ResetOmitted bool
	// SameImagesKept makes an update with the same images pull nothing. Default: they are pulled
	// again.
	SameImagesKept bool
	// RevertFailed returns a cache whose update failed its previous images and size. Default: it
	// shows the new ones.
	RevertFailed bool
	// RetentionFromUpdate counts new RetentionDays from the update. Default: from the creation.
	RetentionFromUpdate bool
	// UniqueNames refuses a second cache of a name. Default: names may repeat.
	UniqueNames bool
	// PartialMatch lets GetMostSuitableImageCache answer a cache that holds only some of the
	// images. Default: all.
	PartialMatch bool
	// CanonicalNames lets it hold nginx and docker.io/library/nginx to be the same name. Default:
	// as written.
	CanonicalNames bool
	// UpdateWhilePending takes an update of a cache that is still being built: its settings change,
	// and the build goes on. Default: UnsupportedOperation.
	UpdateWhilePending bool
	// ReturnNetwork makes answers return VPC, subnet and security groups. Default: they never do.
	ReturnNetwork bool
	// OmitNewerFields leaves out of answers what the oldest published example lacks. Default: all
	// fields are there.
	OmitNewerFields bool
	// EmptyIDsSelectNothing makes `ImageCacheIds: []` list nothing. Default: every cache, as
	// without the field.
	EmptyIDsSelectNothing bool
	// LimitIsParameter answers InvalidParameter to a Limit that is too large. Default:
	// InvalidParameterValue.
	LimitIsParameter bool
	// AcceptEmptyName takes an empty ImageCacheName. Default: InvalidParameterValue.
	AcceptEmptyName bool
	// AcceptEmptyImages takes `Images: []` in an update, which keeps the images then. Default:
	// InvalidParameterValue.
	AcceptEmptyImages bool
	// AcceptTagWithoutValue takes a tag that has only a key. Default: MissingParameter.
	AcceptTagWithoutValue bool
	// AcceptCredentialWithoutServer takes a login that names no registry. Default:
	// InvalidParameterValue.
	AcceptCredentialWithoutServer bool

	// MaxIDs in one call. Default: 50, the largest page.
	MaxIDs int
	// MaxImages in one cache. Default: no limit.
	MaxImages int
	// MaxNameLength in characters. Default: no limit.
	MaxNameLength int
	// ListedAfter is how many lists a new cache is not in yet. Default: none.
	ListedAfter int
	// Quota of caches in a region; above it, LimitExceeded. Default: none.
	Quota int

	// Order of the list. Default: by id, which is no useful order but holds still between pages.
	Order Order
	// PlainTimesIn is the zone of times that are written without one. Default: UTC.
	PlainTimesIn *time.Location
}

// Order is a sort order of DescribeImageCaches.
type Order int

// The sort orders.
const (
	OrderByID Order = iota
	OrderNewestFirst
	OrderOldestFirst
)

func (o Options) withDefaults() Options {
	if len(o.Credentials) == 0 {
		o.Credentials = []Credential{{SecretID: DefaultSecretID, SecretKey: DefaultSecretKey}}
	}
	if len(o.Regions) == 0 {
		o.Regions = []string{DefaultRegion, "ap-shanghai", "ap-beijing", "ap-hongkong", "ap-singapore"}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.SignatureClock == nil {
		o.SignatureClock = o.Clock
	}
	if len(o.TimeForms) == 0 {
		o.TimeForms = []TimeForm{TimePlain, TimeUTC, TimeRFC3339, TimeEpochMillis, TimeMonotonic}
	}
	if o.Unconfirmed.PlainTimesIn == nil {
		o.Unconfirmed.PlainTimesIn = time.UTC
	}
	setDefault(&o.UIN, "100000000001")
	setDefault(&o.RequestsPerSecond, 20)
	setDefault(&o.Pace, 2*time.Millisecond)
	setDefault(&o.BytesPerGiB, 1<<30)
	setDefault(&o.Unconfirmed.MaxIDs, maxLimit)
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
