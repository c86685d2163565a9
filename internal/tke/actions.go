package tke

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// The names of the actions, as the API and CAM policies (tke:<Action>) spell them.
const (
	ActionCreate   = "CreateImageCache"
	ActionDescribe = "DescribeImageCaches"
	ActionUpdate   = "UpdateImageCache"
	ActionDelete   = "DeleteImageCaches"
	ActionMatch    = "GetMostSuitableImageCache"
)

const (
	// pageSize is the most that DescribeImageCaches gives in one answer.
	pageSize = 50
	// mostPages bounds a listing, far above what any region holds: whatever a count claims, a listing ends.
	mostPages = 400
)

// CreateRequest is the input of CreateImageCache. Empty optional fields are left out of the request.
type CreateRequest struct {
	Images           []string
	VpcID            string               `json:"VpcId"`
	SubnetID         string               `json:"SubnetId"`
	Name             string               `json:"ImageCacheName,omitempty"`
	SecurityGroupIDs []string             `json:"SecurityGroupIds,omitempty"`
	Credentials      []RegistryCredential `json:"ImageRegistryCredentials,omitempty"`
	ExistingEipID    string               `json:"ExistedEipId,omitempty"`
	AutoCreateEip    bool                 `json:",omitempty"`
	AutoEip          *AutoEip             `json:"AutoCreateEipAttribute,omitempty"`
	SizeGiB          int64                `json:"ImageCacheSize,omitempty"`
	RetentionDays    int64                `json:",omitempty"`
	InsecureHosts    []string             `json:"RegistrySkipVerifyList,omitempty"`
	HTTPHosts        []string             `json:"RegistryHttpEndPointList,omitempty"`
	ResolveConfig    string               `json:",omitempty"`
	Tags             []Tag                `json:",omitempty"`
	Snapshotter      string               `json:",omitempty"`
}

// UpdateRequest is the input of UpdateImageCache. A nil field is left out, and the service is assumed to keep what it has;
// an empty list is sent as [].
type UpdateRequest struct {
	ID               string                `json:"ImageCacheId"`
	Name             *string               `json:"ImageCacheName,omitempty"`
	Credentials      *[]RegistryCredential `json:"ImageRegistryCredentials,omitempty"`
	Images           []string              `json:",omitempty"`
	SizeGiB          *int64                `json:"ImageCacheSize,omitempty"`
	RetentionDays    *int64                `json:",omitempty"`
	SecurityGroupIDs *[]string             `json:"SecurityGroupIds,omitempty"`
	Tags             *[]Tag                `json:",omitempty"`
}

// RegistryCredential lets the builder pull from a private registry. Server is a bare host.
type RegistryCredential struct {
	Server   string
	Username string `json:",omitempty"`
	Password string `json:",omitempty"`
	Name     string `json:",omitempty"`
}

// AutoEip asks for an elastic IP of the builder's own. DeletePolicy "Never" keeps it; anything else releases it.
type AutoEip struct {
	DeletePolicy  string
	ISP           string `json:"InternetServiceProvider,omitempty"`
	BandwidthMbps int64  `json:"InternetMaxBandwidthOut,omitempty"`
}

// Tag is one key and value on a cache.
type Tag struct {
	Key   string
	Value string
}

// createOnce sends CreateImageCache a single time, apart from tries that certainly did not act.
func (c *Client) createOnce(ctx context.Context, request CreateRequest) (id string, err error) {
	defer c.sweeper.write()()
	out, err := call[struct {
		ID string `json:"ImageCacheId"`
	}](ctx, c, ActionCreate, request)
	if err == nil && out.ID == "" {
		return "", &Error{Action: ActionCreate, Kind: KindMalformed, Message: "the answer holds no ImageCacheId"}
	}
	return out.ID, err
}

// Update sends UpdateImageCache. The service works on it after it has answered: see Client.WaitUpdated.
func (c *Client) Update(ctx context.Context, request UpdateRequest) error {
	defer c.sweeper.write()()
	_, err := call[struct{}](ctx, c, ActionUpdate, request)
	return err
}

// Delete deletes a cache and its snapshot. A cache that is gone already is no error.
func (c *Client) Delete(ctx context.Context, id string) error {
	defer c.sweeper.write()()
	_, err := call[struct{}](ctx, c, ActionDelete, struct {
		IDs []string `json:"ImageCacheIds"`
	}{[]string{id}})
	if IsNotFound(err) {
		return nil
	}
	return err
}

// Match asks which cache a Pod of these images would get with "use-image-cache: auto"; nil when there is none.
func (c *Client) Match(ctx context.Context, images []string, snapshotter string) (*ImageCache, error) {
	out, err := call[struct {
		Found bool
		Cache *ImageCache `json:"ImageCache"`
	}](ctx, c, ActionMatch, struct {
		Images      []string
		Snapshotter string `json:",omitempty"`
	}{images, snapshotter})
	if err != nil || !out.Found {
		return nil, err
	}
	return out.Cache, nil
}

// describeRequest is the input of DescribeImageCaches.
type describeRequest struct {
	IDs    []string `json:"ImageCacheIds,omitempty"`
	Names  []string `json:"ImageCacheNames,omitempty"`
	Limit  int
	Offset int

	maxPages int64 // 0: as many as there are
}

// errTooManyPages ends a listing that was bounded.
var errTooManyPages = errors.New("the list has more pages than were allowed")

// describe lists the caches that a request selects, page by page until TotalCount is reached.
func (c *Client) describe(ctx context.Context, request describeRequest) ([]ImageCache, error) {
	var all []ImageCache
	if request.Limit == 0 {
		request.Limit = pageSize
	}
	for asked := 1; ; asked++ {
		page, err := call[struct {
			TotalCount int
			Caches     []ImageCache `json:"ImageCaches"`
		}](ctx, c, ActionDescribe, request)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Caches...)
		request.Offset += len(page.Caches)
		if request.Offset >= page.TotalCount {
			return all, nil
		}
		if request.maxPages > 0 && int64(page.TotalCount) > request.maxPages*pageSize {
			return nil, errTooManyPages
		}
		if len(page.Caches) == 0 || asked == mostPages {
			return nil, &Error{Action: ActionDescribe, Kind: KindMalformed, Message: fmt.Sprintf(
				"it counts %d caches and lists only %d", page.TotalCount, request.Offset)}
		}
	}
}

// Named gives the caches that bear one of the names, or all when there are no names. Were the service to match by part of a
// name, a stranger's cache would not be taken.
func (c *Client) Named(ctx context.Context, names ...string) ([]ImageCache, error) {
	var found []ImageCache
	for chunk := range chunks(names) {
		caches, err := c.describe(ctx, describeRequest{Names: chunk})
		if err != nil && !IsNotFound(err) {
			return nil, err
		}
		found = append(found, caches...)
	}
	return slices.DeleteFunc(found, func(cache ImageCache) bool { return len(names) > 0 && !slices.Contains(names, cache.Name) }), nil
}

// chunks yields the names in portions that one call takes, and one empty portion when there are none.
func chunks(names []string) iter.Seq[[]string] {
	if len(names) == 0 {
		return slices.Values([][]string{nil})
	}
	return slices.Chunk(names, pageSize)
}
