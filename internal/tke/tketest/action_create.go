package tketest

import (
	"slices"
	"time"
)

// createRequest is CreateImageCache's. Nil means that the request does not carry the field.
type createRequest struct {
	settings
	VpcID                    string  `json:"VpcId"`
	SubnetID                 string  `json:"SubnetId"`
	ExistedEipID             *string `json:"ExistedEipId"`
	AutoCreateEip            bool
	AutoCreateEipAttribute   *eipRequest
	RegistrySkipVerifyList   []string
	RegistryHTTPEndPointList []string `json:"RegistryHttpEndPointList"`
	ResolveConfig            string
}

type eipRequest struct {
	DeletePolicy            string
	InternetServiceProvider *string
	InternetMaxBandwidthOut uint64
}

type createResponse struct {
	ID string `json:"ImageCacheId"`
}

// createCache makes a cache each time that it is called: there is no client token, so the same
// request sent again makes another one.
func (s *Server) createCache(c *call, in createRequest) (any, *apiError) {
	if err := in.checkFields(s.opts.Unconfirmed); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteExpired()
	if err := s.checkRoom(c.region, in.ImageCacheName, ""); err != nil {
		return nil, err
	}
	cache := in.newCache(c.region, s.opts.Clock())
	cache.Tags = slices.Concat(cache.Tags, s.opts.AutomaticTags)
	rec := s.insertRecord(cache)
	s.delayInLists(rec.ID, nil, max(c.lag, s.opts.Unconfirmed.ListedAfter))
	s.startBuild(rec, &build{pull: true, failed: StatusFailed})
	return createResponse{rec.ID}, nil
}

// checkRoom checks the quota and, where names are unique, the name. The cache of id self may keep
// its own name.
func (s *Server) checkRoom(region string, name *string, self string) *apiError {
	count := 0
	for id, rec := range s.caches {
		if rec.Region != region {
			continue
		}
		count++
		if s.opts.Unconfirmed.UniqueNames && name != nil && rec.Name == *name && id != self {
			return newInvalidValueError("ImageCacheName", "another image cache has this name")
		}
	}
	if quota := s.opts.Unconfirmed.Quota; self == "" && quota > 0 && count >= quota {
		return newQuotaError(quota)
	}
	return nil
}

func (in createRequest) newCache(region string, now time.Time) Cache {
	cache := Cache{
		Region:           region,
		Status:           StatusPending,
		Name:             valueOr(in.ImageCacheName, ""),
		Images:           in.Images,
		SizeGiB:          int64(valueOr(in.ImageCacheSize, minSizeGiB)),
		RetentionDays:    int64(valueOr(in.RetentionDays, 0)),
		Credentials:      in.ImageRegistryCredentials,
		Tags:             in.Tags,
		Snapshotter:      defaultSnapshotter,
		CreatedAt:        now,
		VpcID:            in.VpcID,
		SubnetID:         in.SubnetID,
		SecurityGroupIDs: in.SecurityGroupIDs,
		ExistedEipID:     valueOr(in.ExistedEipID, ""),
		AutoCreateEip:    in.AutoCreateEip || in.AutoCreateEipAttribute != nil,
		SkipVerifyList:   in.RegistrySkipVerifyList,
		HTTPEndPointList: in.RegistryHTTPEndPointList,
		ResolveConfig:    in.ResolveConfig,
	}
	cache.ExpiresAt = expiryTime(now, cache.RetentionDays)
	if eip := in.AutoCreateEipAttribute; eip != nil {
		cache.EipAttribute = &EipAttribute{
			DeletePolicy:            eip.DeletePolicy,
			InternetServiceProvider: valueOr(eip.InternetServiceProvider, "BGP"),
			InternetMaxBandwidthOut: eip.InternetMaxBandwidthOut,
		}
	}
	return cache
}

// expiryTime is when a cache that is kept for days from a moment on goes; 0 days keep it for ever.
func expiryTime(from time.Time, days int64) time.Time {
	if days == 0 {
		return time.Time{}
	}
	return from.AddDate(0, 0, int(days))
}

func valueOr[T any](pointer *T, otherwise T) T {
	if pointer == nil {
		return otherwise
	}
	return *pointer
}
