package tketest

import (
	"slices"
	"time"
)

type updateRequest struct {
	settings
	ID string `json:"ImageCacheId"`
}

// updateCache is asynchronous: it answers once the cache is Updating. Like the twin product of
// another cloud it takes a cache in Ready and UpdateFailed only.
func (s *Server) updateCache(c *call, in updateRequest) (any, *apiError) {
	u := s.opts.Unconfirmed
	if u.AcceptEmptyImages && len(in.Images) == 0 {
		in.Images = nil
	}
	if err := in.checkSettings(u); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteExpired()
	rec, ok := s.caches[in.ID]
	if !ok || rec.Region != c.region {
		return nil, s.newNotFoundError(in.ID)
	}
	early := u.UpdateWhilePending && rec.Status == StatusPending
	if !early && rec.Status != StatusReady && rec.Status != StatusUpdateFailed {
		return nil, newUnsupportedStatusError(rec.ID, rec.Status)
	}
	if in.ImageCacheSize != nil && int64(*in.ImageCacheSize) < rec.SizeGiB && !u.AllowShrink {
		return nil, newInvalidValueError("ImageCacheSize", "the size of an image cache cannot be decreased")
	}
	if err := s.checkRoom(c.region, in.ImageCacheName, rec.ID); err != nil {
		return nil, err
	}
	before := rec.copy()
	pull := in.needsPull(rec, u)
	in.applyTo(&rec.Cache, u, s.opts.Clock())
	if early {
		return struct{}{}, nil
	}
	rec.Status = StatusUpdating
	s.delayInLists(rec.ID, before, c.lag)
	s.startBuild(rec, &build{pull: pull, failed: StatusUpdateFailed, before: before.Cache})
	return struct{}{}, nil
}

// needsPull reports whether the update needs new content on the disk. After a failed update any
// further one pulls, as the images that the cache names have not been pulled yet: so new
// credentials alone can mend it.
func (in updateRequest) needsPull(rec *record, u Unconfirmed) bool {
	if rec.Status == StatusUpdateFailed {
		return true
	}
	if in.ImageCacheSize != nil && int64(*in.ImageCacheSize) != rec.SizeGiB {
		return true
	}
	return in.Images != nil && (!u.SameImagesKept || !sameSet(in.Images, rec.Images))
}

func (in settings) applyTo(cache *Cache, u Unconfirmed, now time.Time) {
	cache.Name = valueOr(in.ImageCacheName, cache.Name)
	cache.SizeGiB = int64(valueOr(in.ImageCacheSize, uint64(cache.SizeGiB)))
	if in.Images != nil {
		cache.Images = in.Images
	}
	updateList(&cache.Credentials, in.ImageRegistryCredentials, u)
	updateList(&cache.SecurityGroupIDs, in.SecurityGroupIDs, u)
	updateList(&cache.Tags, in.Tags, u)
	if in.RetentionDays == nil && u.ResetOmitted {
		in.RetentionDays = new(uint64)
	}
	if in.RetentionDays != nil {
		cache.RetentionDays = int64(*in.RetentionDays)
		from := cache.CreatedAt
		if u.RetentionFromUpdate {
			from = now
		}
		cache.ExpiresAt = expiryTime(from, cache.RetentionDays)
	}
}

// updateList distinguishes a list that is missing (nil) from one that is present and empty.
func updateList[T any](list *[]T, given []T, u Unconfirmed) {
	switch {
	case given == nil && !u.ResetOmitted:
	case given != nil && len(given) == 0 && u.EmptyListKeeps:
	default:
		*list = given
	}
}

func sameSet(a, b []string) bool {
	sorted := func(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
	return slices.Equal(sorted(a), sorted(b))
}
