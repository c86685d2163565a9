package tketest

import (
	"slices"
	"time"
)

// Status of a cache, as the API spells it. Only a Ready one can be used by Pods.
type Status string

// The statuses.
const (
	StatusPending      Status = "Pending"
	StatusReady        Status = "Ready"
	StatusFailed       Status = "Failed"
	StatusUpdating     Status = "Updating"
	StatusUpdateFailed Status = "UpdateFailed"
)

// The values of ImageCacheType: made by a user, or by the service itself.
const (
	TypeManual = "manual"
	TypeAuto   = "auto"
)

// Cache is all that the service knows of an image cache.
type Cache struct {
	ID            string
	Region        string
	Name          string
	Type          string
	Status        Status
	SizeGiB       int64
	Images        []string
	SnapshotID    string
	Snapshotter   string
	RetentionDays int64
	Credentials   []RegistryCredential
	Tags          []Tag
	Events        []Event // oldest first; answers put them in other orders

	CreatedAt     time.Time
	ExpiresAt     time.Time // zero: never
	LastMatchedAt time.Time // zero: never

	// What no answer ever returns.
	VpcID             string
	SubnetID          string
	SecurityGroupIDs  []string
	ExistedEipID      string
	AutoCreateEip     bool // asked for, or implied by the attribute
	EipAttribute      *EipAttribute
	SkipVerifyList    []string
	HTTPEndPointList  []string
	ResolveConfig     string
	FinishedBuilds    int // builds that made a snapshot
	UnfinishedBuilds  int // builds that failed
	LastBuildFinished time.Time
}

// RegistryCredential is a login for one registry, in requests and in answers.
type RegistryCredential struct {
	Server   string
	Username string
	Password string
	Name     string
}

// Tag is one key and its value.
type Tag struct {
	Key   string
	Value string
}

// EipAttribute describes the EIP that is made for the builder.
type EipAttribute struct {
	DeletePolicy            string
	InternetServiceProvider string
	InternetMaxBandwidthOut uint64
}

// The types of an event.
const (
	EventNormal  = "Normal"
	EventWarning = "Warning"
)

// Event is one thing that happened to a cache.
type Event struct {
	Type    string
	Reason  string
	Message string
	First   time.Time
	Last    time.Time
}

// clone copies a cache so deeply that no caller shares a list with the server.
func (c Cache) clone() Cache {
	c.Images = slices.Clone(c.Images)
	c.Credentials = slices.Clone(c.Credentials)
	c.Tags = slices.Clone(c.Tags)
	c.Events = slices.Clone(c.Events)
	c.SecurityGroupIDs = slices.Clone(c.SecurityGroupIDs)
	c.SkipVerifyList = slices.Clone(c.SkipVerifyList)
	c.HTTPEndPointList = slices.Clone(c.HTTPEndPointList)
	if c.EipAttribute != nil {
		attribute := *c.EipAttribute
		c.EipAttribute = &attribute
	}
	return c
}
