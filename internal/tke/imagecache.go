package tke

import (
	"cmp"
	"slices"
	"time"
)

// The states of a cache: Pending becomes Ready or Failed, Updating becomes Ready or UpdateFailed.
// Pods can use only Ready.
const (
	StatusPending      = "Pending"
	StatusReady        = "Ready"
	StatusFailed       = "Failed"
	StatusUpdating     = "Updating"
	StatusUpdateFailed = "UpdateFailed"
)

// ImageCache is a cache as the service returns it. VPC, subnet, security groups, EIP, registry
// lists and DNS are never returned. Older caches lack some fields; those are then zero, and Tags is
// nil rather than empty.
type ImageCache struct {
	ID            string   `json:"ImageCacheId"`
	Name          string   `json:"ImageCacheName"`
	Type          string   `json:"ImageCacheType"` // manual, or auto for what the service created by the service
	Status        string   `json:"Status"`
	Images        []string `json:"Images"`
	SizeGiB       int64    `json:"ImageCacheSize"`
	RetentionDays *int64   `json:"RetentionDays"` // nil when not returned
	SnapshotID    string   `json:"SnapshotId"`
	Snapshotter   string   `json:"Snapshotter"`
	Created       Time     `json:"CreationTime"`
	Expires       Time     `json:"ExpireDateTime"`
	LastMatched   Time     `json:"LastMatchedTime"`
	Tags          []Tag    `json:"Tags"`
	Events        []Event  `json:"Events"`
}

// Event is one step of a build.
type Event struct {
	Type    string `json:"Type"` // Normal or Warning
	Reason  string `json:"Reason"`
	Message string `json:"Message"`
	First   Time   `json:"FirstTimestamp"`
	Last    Time   `json:"LastTimestamp"`
}

// neverExpiresAfter separates the two spellings of "never expires", no time or creation plus a
// hundred years, from retention, which ends at ten years.
const neverExpiresAfter = 50 * 365 * 24 * time.Hour

// ExpiresAt is when the service deletes the cache; false when it never does.
func (c *ImageCache) ExpiresAt() (time.Time, bool) {
	if c.Expires.IsZero() || (c.RetentionDays != nil && *c.RetentionDays == 0) {
		return time.Time{}, false
	}
	if c.Expires.Sub(c.Created.Time) > neverExpiresAfter {
		return time.Time{}, false
	}
	return c.Expires.Time, true
}

// EventsByTime returns the events, oldest first; the service's order varies.
func (c *ImageCache) EventsByTime() []Event {
	return slices.SortedStableFunc(slices.Values(c.Events), func(a, b Event) int {
		return cmp.Or(a.First.Compare(b.First.Time), a.Last.Compare(b.Last.Time))
	})
}

// Warnings are the events that say what went wrong, oldest first.
func (c *ImageCache) Warnings() []Event {
	return slices.DeleteFunc(c.EventsByTime(), func(e Event) bool { return e.Type != "Warning" })
}

// NewestFirst orders caches by their creation, and by id where that is the same.
func NewestFirst(a, b ImageCache) int {
	return cmp.Or(b.Created.Compare(a.Created.Time), cmp.Compare(a.ID, b.ID))
}
