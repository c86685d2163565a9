package tfdiag

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestReadFailuresSayWhatCameAndWhatToDo(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*failure.Error{
		"the registry does not have it (HTTP 404, MANIFEST_UNKNOWN: manifest unknown); check name, tag and digest; " +
			"some registries hide private images this way, so check credentials too": {
			Kind: failure.NotFound, StatusCode: 404, Code: "MANIFEST_UNKNOWN", Message: "manifest unknown"},
		"the credentials of Docker's configuration were refused (HTTP 401); " +
			"check that they are current, and that they may read this repository": {
			Kind: failure.Unauthorized, StatusCode: 401, CredentialSource: failure.SourceDocker},
		"the registry wants credentials, and none were found in the configuration of this registry or in Docker's " +
			"configuration [no helper] (HTTP 401); configure credentials for this registry, and check the name: " +
			"many registries say this of images that do not exist": {
			Kind: failure.Unauthorized, StatusCode: 401, CredentialNote: "no helper"},
		"access is denied without credentials (HTTP 403); configure credentials for this registry, and check the name: " +
			"some registries say this of private images and of images that do not exist, and firewalls of what they block": {
			Kind: failure.Forbidden, StatusCode: 403},
		"there is no image for platform linux/s390x, only for linux/amd64, linux/arm64; " +
			"choose one of these, or another image": {
			Kind: failure.NoPlatform, Platform: "linux/s390x", Platforms: []string{"linux/amd64", "linux/arm64"}},
		"the registry's rate limit is reached, it asks to wait 1m (HTTP 429); " +
			"wait, or configure credentials for this registry: signed-in users have higher limits": {
			Kind: failure.RateLimited, StatusCode: 429, RetryAfter: time.Minute},
		"containerd cannot unpack a layer of media type x/y; name a container image whose layers are tars: this is a " +
			"model, a chart, an attestation or another artifact, or an image for one snapshotter only": {
			Kind: failure.LayerType, MediaType: "x/y"},
		"containerd cannot unpack a layer of media type x/y (the layer is encrypted); its files can be counted only " +
			"without encryption: measure the image as it was before, and make sure that the nodes have the keys": {
			Kind: failure.LayerType, MediaType: "x/y", Err: failure.ErrEncrypted},
		"the registry ignores range requests; ": {Kind: failure.RangeIgnored},
		"unexpected answer (HTTP 418); ":        {Kind: failure.Protocol, StatusCode: 418},
	} {
		if got := outcomeOf(e) + "; " + adviceOn(e); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestAPendingRegistrySaysWhatItAnswered(t *testing.T) {
	t.Parallel()
	refused := &failure.Error{Kind: failure.Forbidden, StatusCode: 403}
	want := "the configuration of this registry is not known yet (access is denied without credentials (HTTP 403))"
	if got := outcomeOf(&failure.Error{Kind: failure.Pending, Err: refused}); got != want {
		t.Errorf("got %s", got)
	}
}

func TestALongListOfPlatformsIsShortened(t *testing.T) {
	t.Parallel()
	e := &failure.Error{Kind: failure.NoPlatform, Platform: "a/b"}
	for i := range 100 {
		e.Platforms = append(e.Platforms, fmt.Sprint("os/arch", i))
	}
	if text := outcomeOf(e); !strings.Contains(text, "os/arch23 and 76 more") || strings.Contains(text, "os/arch24") {
		t.Error(text)
	}
}
