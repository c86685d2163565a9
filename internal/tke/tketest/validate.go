package tketest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
)

// The ranges of the API page, section "How the product behaves".
const (
	minSizeGiB       = 20
	maxSizeGiB       = 32000
	maxRetentionDays = 3650
)

// settings are the fields of a creation that an update can change. Nil means that the request does
// not carry the field.
type settings struct {
	ImageCacheName           *string
	Images                   []string
	ImageRegistryCredentials []RegistryCredential
	ImageCacheSize           *uint64
	RetentionDays            *uint64
	SecurityGroupIDs         []string `json:"SecurityGroupIds"`
	Tags                     []Tag
}

func (in settings) checkSettings(u Unconfirmed) *apiError {
	return cmp.Or(in.checkName(u), in.checkImages(u), in.checkNumbers(), in.checkLists(u))
}

func (in settings) checkName(u Unconfirmed) *apiError {
	switch {
	case in.ImageCacheName == nil:
		return nil
	case *in.ImageCacheName == "" && !u.AcceptEmptyName:
		return newInvalidValueError("ImageCacheName", "it is empty")
	case u.MaxNameLength > 0 && utf8.RuneCountInString(*in.ImageCacheName) > u.MaxNameLength:
		return newInvalidValueError("ImageCacheName", fmt.Sprintf("it is longer than %d characters", u.MaxNameLength))
	}
	return nil
}

func (in settings) checkImages(u Unconfirmed) *apiError {
	if in.Images == nil {
		return nil
	}
	if u.MaxImages > 0 && len(in.Images) > u.MaxImages {
		return newTooManyError("Images", u.MaxImages)
	}
	return checkReferences(in.Images)
}

func checkReferences(images []string) *apiError {
	if len(images) == 0 {
		return newInvalidValueError("Images", "it is empty")
	}
	for i, image := range images {
		if _, err := name.ParseReference(image); err != nil {
			return newInvalidValueError(fmt.Sprintf("Images.%d", i), fmt.Sprintf("%q is no image reference", image))
		}
	}
	return nil
}

func (in settings) checkNumbers() *apiError {
	if size := in.ImageCacheSize; size != nil && (*size < minSizeGiB || *size > maxSizeGiB) {
		return newInvalidValueError(
			"ImageCacheSize", fmt.Sprintf("%d is not between %d and %d", *size, minSizeGiB, maxSizeGiB),
		)
	}
	if days := in.RetentionDays; days != nil && *days > maxRetentionDays {
		return newInvalidValueError("RetentionDays", fmt.Sprintf("%d is not between 0 and %d", *days, maxRetentionDays))
	}
	return nil
}

func (in settings) checkLists(u Unconfirmed) *apiError {
	if err := checkIDs("SecurityGroupIds", "sg-", in.SecurityGroupIDs); err != nil {
		return err
	}
	for i, credential := range in.ImageRegistryCredentials {
		if credential.Server == "" && u.AcceptCredentialWithoutServer {
			continue
		}
		if err := checkHost(fmt.Sprintf("ImageRegistryCredentials.%d.Server", i), credential.Server); err != nil {
			return err
		}
	}
	var keys []string
	for i, tag := range in.Tags {
		if tag.Key == "" || slices.Contains(keys, tag.Key) {
			return newInvalidValueError(
				fmt.Sprintf("Tags.%d.Key", i), fmt.Sprintf("%q is empty or there twice", tag.Key),
			)
		}
		keys = append(keys, tag.Key)
	}
	return nil
}

// checkHost takes a bare host, with a port or without, as in all samples: no scheme and no path.
func checkHost(field, host string) *apiError {
	if registry, err := name.NewRegistry(host); host == "" || err != nil || strings.Contains(registry.Name(), "/") {
		return newInvalidValueError(field, fmt.Sprintf("%q is not a bare host", host))
	}
	return nil
}

func checkHosts(field string, hosts []string) *apiError {
	for i, host := range hosts {
		if err := checkHost(fmt.Sprintf("%s.%d", field, i), host); err != nil {
			return err
		}
	}
	return nil
}

// checkIDs checks ids against the prefix of their kind, which is what finds arguments that were
// swapped.
func checkIDs(field, prefix string, ids []string) *apiError {
	for i, id := range ids {
		if err := checkID(fmt.Sprintf("%s.%d", field, i), prefix, id); err != nil {
			return err
		}
	}
	return nil
}

func checkID(field, prefix, id string) *apiError {
	if len(id) <= len(prefix) || !strings.HasPrefix(id, prefix) {
		return newInvalidValueError(field, fmt.Sprintf("%q does not begin with %q", id, prefix))
	}
	return nil
}

// checkFields is for what only a creation carries.
func (in createRequest) checkFields(u Unconfirmed) *apiError {
	return cmp.Or(
		in.settings.checkSettings(u),
		checkID("VpcId", "vpc-", in.VpcID),
		checkID("SubnetId", "subnet-", in.SubnetID),
		checkHosts("RegistrySkipVerifyList", in.RegistrySkipVerifyList),
		checkHosts("RegistryHttpEndPointList", in.RegistryHTTPEndPointList),
		in.checkEip(),
	)
}

func checkSnapshotter(snapshotter *string) *apiError {
	if snapshotter != nil && *snapshotter == "" {
		return newInvalidValueError("Snapshotter", "it is empty")
	}
	return nil
}

func (in createRequest) checkEip() *apiError {
	attribute := in.AutoCreateEipAttribute
	if attribute != nil && attribute.InternetServiceProvider != nil {
		provider := *attribute.InternetServiceProvider
		if !slices.Contains([]string{"BGP", "CMCC", "CTCC", "CUCC"}, provider) {
			return newInvalidValueError("AutoCreateEipAttribute.InternetServiceProvider",
				fmt.Sprintf("%q is none of BGP, CMCC, CTCC, CUCC", provider))
		}
	}
	switch {
	case in.ExistedEipID == nil:
		return nil
	case in.AutoCreateEip:
		return newInvalidParameterError("`ExistedEipId` conflicts with `AutoCreateEip`")
	case attribute != nil:
		return newInvalidParameterError("`ExistedEipId` conflicts with `AutoCreateEipAttribute`")
	}
	return checkID("ExistedEipId", "eip-", *in.ExistedEipID)
}
