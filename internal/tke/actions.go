package tke

import (
	"context"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// The names of the actions, as the API and CAM policies (tke:<Action>) spell them.
const (
	ActionCreate   = "CreateImageCache"
	ActionDescribe = "DescribeImageCaches"
	ActionUpdate   = "UpdateImageCache"
	ActionDelete   = "DeleteImageCaches"
	ActionMatch    = "GetMostSuitableImageCache"
)

// CreateRequest is the input of CreateImageCache. Empty optional fields are left out of the
// request.
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

	// NameIsGenerated: the name was generated for this request alone, so a cache of this name is
	// proof that the request was carried out.
	NameIsGenerated bool `json:"-"`
}

// UpdateRequest is the input of UpdateImageCache. A nil field is left out, and the service is
// assumed to keep what it has; an empty list is sent as [].
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

// Secrets are the passwords of a request.
func (r CreateRequest) Secrets() []string { return collectPasswords(r.Credentials) }

// Secrets are the passwords of a request.
func (r UpdateRequest) Secrets() []string {
	if r.Credentials == nil {
		return nil
	}
	return collectPasswords(*r.Credentials)
}

func collectPasswords(credentials []RegistryCredential) []string {
	all := make([]string, 0, len(credentials))
	for _, credential := range credentials {
		all = append(all, credential.Password)
	}
	return all
}

// AutoEip asks for an elastic IP of the builder's own. DeletePolicy "Never" keeps it; anything else
// releases it.
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
	defer c.listings.beginWrite()()
	out, err := callAction[struct {
		ID string `json:"ImageCacheId"`
	}](ctx, c, ActionCreate, request)
	if err == nil && out.ID == "" {
		return "", &cloudapi.Error{
			Action:  ActionCreate,
			Kind:    cloudapi.KindMalformed,
			Message: "the answer holds no ImageCacheId",
		}
	}
	return out.ID, err
}

// Update sends UpdateImageCache. The service works on it after it has answered: see
// Client.WaitUpdated.
func (c *Client) Update(ctx context.Context, request UpdateRequest) error {
	defer c.listings.beginWrite()()
	_, err := callAction[struct{}](ctx, c, ActionUpdate, request)
	return err
}

// Delete deletes a cache and its snapshot. Deleting a cache that no longer exists is not an error.
// One answer proves nothing, so when the service says that the cache does not exist, Delete
// confirms its absence, and deletes it again where it is found.
func (c *Client) Delete(ctx context.Context, id, name string) error {
	for {
		err := c.deleteOnce(ctx, id)
		if !isNotFound(err) {
			return err
		}
		cache, err := c.confirmAbsence(ctx, id, name)
		if cache == nil || err != nil {
			return err
		}
	}
}

func (c *Client) deleteOnce(ctx context.Context, id string) error {
	defer c.listings.beginWrite()()
	_, err := callAction[struct{}](ctx, c, ActionDelete, struct {
		IDs []string `json:"ImageCacheIds"`
	}{[]string{id}})
	return err
}

// Match asks which cache a Pod of these images would get with "use-image-cache: auto"; nil when
// there is none.
func (c *Client) Match(ctx context.Context, images []string, snapshotter string) (*ImageCache, error) {
	out, err := callAction[struct {
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
