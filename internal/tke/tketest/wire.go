package tketest

import "slices"

// wireCache is the ImageCache object of the API page. VPC, subnet, security groups, EIP, registry
// lists and DNS are not in it: the service is not known to return them.
type wireCache struct {
	ID           string      `json:"ImageCacheId"`
	Name         string      `json:"ImageCacheName"`
	Size         int64       `json:"ImageCacheSize"`
	Images       []string    `json:"Images"`
	Created      string      `json:"CreationTime"`
	Expires      string      `json:"ExpireDateTime"`
	Events       []wireEvent `json:"Events"`
	LastMatched  string      `json:"LastMatchedTime"`
	SnapshotID   string      `json:"SnapshotId"`
	Status       Status      `json:"Status"`
	*newerFields             // nil leaves them out
	*network                 // likewise
}

// newerFields are not in the oldest published example, and "can be missing".
type newerFields struct {
	RetentionDays int64                `json:"RetentionDays"`
	Credentials   []RegistryCredential `json:"ImageRegistryCredentials"`
	Tags          []Tag                `json:"Tags"`
	Type          string               `json:"ImageCacheType"`
	Snapshotter   string               `json:"Snapshotter"`
}

// network is what no published answer has.
type network struct {
	VpcID            string   `json:"VpcId"`
	SubnetID         string   `json:"SubnetId"`
	SecurityGroupIDs []string `json:"SecurityGroupIds"`
}

type wireEvent struct {
	CacheID string `json:"ImageCacheId"`
	Type    string `json:"Type"`
	Reason  string `json:"Reason"`
	Message string `json:"Message"`
	First   string `json:"FirstTimestamp"`
	Last    string `json:"LastTimestamp"`
}

// toWireCache writes a cache as the service does. What varies (forms of times, order of events)
// goes by the cache's number, so that it varies between caches and holds still for each of them.
func (s *Server) toWireCache(rec *record) wireCache {
	if s.opts.RewriteAnswer != nil {
		rec = rec.copy()
		s.opts.RewriteAnswer(&rec.Cache)
	}
	out := wireCache{
		ID:          rec.ID,
		Name:        rec.Name,
		Size:        rec.SizeGiB,
		Images:      notNil(rec.Images),
		Created:     s.times.formatTime(rec.CreatedAt, rec.seq),
		Expires:     s.times.formatExpiry(rec.ExpiresAt, rec.CreatedAt, rec.seq+1),
		LastMatched: s.times.formatTime(rec.LastMatchedAt, rec.seq+2),
		Events:      s.toWireEvents(rec),
		SnapshotID:  rec.SnapshotID,
		Status:      rec.Status,
	}
	if !s.opts.Unconfirmed.OmitNewerFields {
		out.newerFields = &newerFields{
			RetentionDays: rec.RetentionDays,
			Credentials:   notNil(rec.Credentials),
			Tags:          notNil(rec.Tags),
			Type:          rec.Type,
			Snapshotter:   rec.Snapshotter,
		}
	}
	if s.opts.Unconfirmed.ReturnNetwork {
		out.network = &network{rec.VpcID, rec.SubnetID, notNil(rec.SecurityGroupIDs)}
	}
	return out
}

// toWireEvents come newest first, oldest first, or in no order at all.
func (s *Server) toWireEvents(rec *record) []wireEvent {
	events := make([]wireEvent, 0, len(rec.Events))
	for i, e := range rec.Events {
		salt := rec.seq + i + 3
		events = append(events, wireEvent{
			CacheID: rec.ID, Type: e.Type, Reason: e.Reason, Message: e.Message,
			First: s.times.formatTime(e.First, salt), Last: s.times.formatTime(e.Last, salt),
		})
	}
	switch rec.seq % 3 {
	case 0:
		slices.Reverse(events)
	case 1:
		middle := len(events) / 2
		events = append(events[middle:], events[:middle]...)
	}
	return events
}

// notNil keeps an empty list from being written as null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
