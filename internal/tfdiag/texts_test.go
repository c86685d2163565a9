package tfdiag_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

var update = flag.Bool("update", false, "write testdata/texts.md anew")

var (
	from = &clients.Clients{
		Region: "ap-guangzhou",
		Credentials: []credentials.Source{{From: []credentials.Origin{
			{Kind: credentials.FromVariable, Name: credentials.EnvSecretID},
			{Kind: credentials.FromVariable, Name: credentials.EnvSecretKey},
		}}},
	}
	request = "232323-5ed9-4cb7-9194-a95e2cd626e5"
	when    = tke.Time{Time: time.Date(2026, 3, 30, 7, 3, 35, 0, time.UTC)}
)

func service(action, code, message string) *cloudapi.Error {
	return &cloudapi.Error{Action: action, Code: code, Message: message, RequestID: request}
}

func failedCache(status string, messages ...string) *tke.BuildError {
	cache := &tke.ImageCache{ID: "imc-r1htp8tg", Name: "llm", Status: status}
	for i, message := range messages {
		// the service returns its events in no particular order
		cache.Events = append(
			[]tke.Event{
				{
					Type:    "Warning",
					Reason:  "Failed",
					Message: message,
					First:   tke.Time{Time: when.Add(time.Duration(i) * time.Minute)},
				},
			},
			cache.Events...)
	}
	return &tke.BuildError{Cache: cache}
}

// texts are all failures that a user may read, each by the situation that leads to it.
func texts() []struct {
	situation string
	text      diag.Diagnostic
} {
	create := func(err error) diag.Diagnostic { return tfdiag.CloudError(`create image cache "llm"`, err, from) }
	build := func(err error) diag.Diagnostic { return tfdiag.CloudError("build image cache imc-r1htp8tg", err, from) }
	images := []string{"nginx:1.29", "registry.example.com/llm:v1"}
	measured := func(err error) diag.Diagnostic {
		return tfdiag.MeasureErrors(path.Root("images"), measure.ImageErrors{{Index: 1, Err: err}}, when.Time)[0]
	}
	counted := func(err error) diag.Diagnostic {
		return measured(&measure.LayerError{Image: images[1], Digest: "sha256:abc", Err: err})
	}
	assumed := func(block string) credentials.Source {
		return credentials.Source{
			RoleARN: "qcs::cam::uin/1:roleName/x",
			From:    []credentials.Origin{{Kind: credentials.FromBlock, Name: block}},
		}
	}
	role := assumed("assume_role")
	arguments := func(err *credentials.ArgumentError) diag.Diagnostic {
		at := path.Root("secret_key")
		if err.Block != "" {
			at = path.Root(err.Block)
		}
		return tfdiag.CredentialArguments(at, err)
	}
	unusable := func(fault error) diag.Diagnostic {
		return tfdiag.CloudError(`create image cache "llm"`, fault, &clients.Clients{Fault: fault})
	}
	sts := func(action, code, message string) *cloudapi.Error {
		return &cloudapi.Error{Service: "sts", Action: action, Code: code, Message: message, RequestID: request}
	}
	failedTCR := func(attempt, action, code, message string) diag.Diagnostic {
		failed := &cloudapi.Error{Service: "tcr", Action: action, Code: code, Message: message, RequestID: request}
		return tfdiag.CloudError(attempt, failed, from)
	}
	token := func(code, message string) diag.Diagnostic {
		return failedTCR("make a token for registry tcr-ak9876", "CreateInstanceToken", code, message)
	}
	disk := func(code, message string) diag.Diagnostic {
		failed := &cloudapi.Error{
			Service:   "cbs",
			Action:    cbs.ActionInquirePrice,
			Code:      code,
			Message:   message,
			RequestID: request,
		}
		return tfdiag.CloudError("price a disk of type CLOUD_SSD and 50 GiB", failed, from)
	}
	link := func(err error) error { // as a call to TKE gives it
		return &cloudapi.Error{
			Action: "DescribeImageCaches",
			Kind:   cloudapi.KindUnsigned,
			Err: &credentials.Error{
				Link: role,
				With: &credentials.Source{From: []credentials.Origin{
					{Kind: credentials.FromArgument, Name: "secret_id"},
					{Kind: credentials.FromArgument, Name: "secret_key"},
				}},
				Err: err,
			},
		}
	}
	behind := sts("AssumeRole", "AuthFailure.SignatureExpire", "The signature has expired")
	behind.Skew = -7 * time.Minute
	skewed := service("CreateImageCache", "AuthFailure.SignatureExpire", "The signature has expired")
	skewed.Skew = 7 * time.Minute
	_, tooLarge := disksize.Recommend(
		disksize.Request{RequiredBytes: 32000 << 30, MaxUtilizationPercent: 80, RoundToGiB: 10},
	)
	return []struct {
		situation string
		text      diag.Diagnostic
	}{
		{
			"no credentials",
			create(&clients.MissingCredentialsError{Profile: credentials.ProfileFile{
				Path: "/home/u/.tccli/default.credential",
			}}),
		},
		{"half a key pair", arguments(&credentials.ArgumentError{
			Problem: credentials.PartialKeyPair, Argument: "secret_key", Variable: credentials.EnvSecretKey,
			Have: "secret_id", From: credentials.Origin{Kind: credentials.FromArgument, Name: "secret_id"},
		})},
		{"half a key pair of the environment", unusable(&credentials.ArgumentError{
			Problem: credentials.PartialKeyPair, Argument: "secret_key", Variable: credentials.EnvSecretKey,
			Have: "secret_id", From: credentials.Origin{Kind: credentials.FromVariable, Name: credentials.EnvSecretID},
		})},
		{"half a role", arguments(&credentials.ArgumentError{
			Problem: credentials.MissingArgument, Block: "assume_role", Argument: "session_name",
			Variable: credentials.EnvSessionName,
		})},
		{"a web identity without a token", arguments(&credentials.ArgumentError{
			Problem: credentials.MissingArgument, Block: "assume_role_with_web_identity",
			Argument: "web_identity_token", Variable: credentials.EnvWebIdentityToken,
		})},
		{"half a role in the environment", arguments(&credentials.ArgumentError{
			Problem: credentials.MissingSessionName, Block: "assume_role", Argument: "session_name",
			Variable: credentials.EnvSessionName,
		})},
		{"a duration that is none", arguments(&credentials.ArgumentError{
			Problem: credentials.InvalidDuration, Block: "assume_role", Argument: "session_duration",
			Variable: credentials.EnvSessionDuration, Value: "2h",
		})},
		{"two blocks that begin a session", arguments(&credentials.ArgumentError{
			Problem: credentials.SessionsInBlocks, Block: "assume_role_with_saml",
		})},
		{"two sessions in the environment", arguments(&credentials.ArgumentError{
			Problem: credentials.SessionsInVariables, Block: "assume_role_with_saml",
		})},
		{
			"arguments that are known only during apply",
			create(&clients.UnknownArgumentsError{Arguments: []string{"endpoints", "region"}}),
		},
		{"a cache of another region", tfdiag.WrongRegion("imc-r1htp8tg", "ap-shanghai", "ap-guangzhou")},
		{
			"a profile file that cannot be used",
			unusable(
				&credentials.ProfileError{
					File:    "/home/u/.tccli/default.credential",
					Problem: "has only one of secretId and secretKey",
				},
			),
		},
		{"no Pod", unusable(&credentials.PodError{Lacks: []string{"TKE_REGION", "TKE_ROLE_ARN"}})},
		{
			"a role, and nothing to assume it with",
			unusable(
				&credentials.NothingToAssumeWithError{
					Role:    role,
					Profile: credentials.ProfileFile{Path: "/home/u/.tccli/default.credential", Missing: true},
				},
			),
		},
		{
			"a role that does not exist",
			create(link(sts("AssumeRole", "ResourceNotFound.RoleNotFound", "The role does not exist"))),
		},
		{
			"a role that trusts others",
			create(link(sts("AssumeRole", "UnauthorizedOperation", "The caller is not authorized"))),
		},
		{
			"wrong key, at STS",
			create(
				link(
					sts(
						"AssumeRole", "AuthFailure.SignatureFailure",
						"The provided credentials could not be validated",
					),
				),
			),
		},
		{"clock, at STS", create(link(behind))},
		{
			"no answer of STS",
			create(
				link(
					&cloudapi.Error{
						Service: "sts",
						Action:  "AssumeRole",
						Kind:    cloudapi.KindNetwork,
						Message: "dial tcp 127.0.0.1:1: connect: connection refused",
					},
				),
			),
		},
		{
			"a web identity that is refused",
			create(&cloudapi.Error{Action: "DescribeImageCaches", Kind: cloudapi.KindUnsigned, Err: &credentials.Error{
				Link: assumed("assume_role_with_web_identity"),
				Err: sts(
					"AssumeRoleWithWebIdentity", "InvalidParameter.WebIdentityTokenError", "The token is not valid",
				),
			}}),
		},
		{
			"a CVM without the role",
			create(link(&credentials.MetadataError{Host: "metadata.tencentyun.com", Role: "machine", Status: 404})),
		},
		{
			"no CVM",
			create(
				link(
					&credentials.MetadataError{
						Host: "metadata.tencentyun.com",
						Role: "machine",
						Err:  errors.New("no such host"),
					},
				),
			),
		},
		{"a web identity's file", create(link(errors.New("/token holds no web identity token")))},
		{
			"an account that is not allowed",
			create(
				&cloudapi.Error{
					Action: "DescribeImageCaches",
					Kind:   cloudapi.KindUnsigned,
					Err:    &credentials.AccountError{Account: "100000000001", Allowed: []string{"100000000002"}},
				},
			),
		},
		{
			"an account that is forbidden",
			create(
				&cloudapi.Error{
					Action: "DescribeImageCaches",
					Kind:   cloudapi.KindUnsigned,
					Err:    &credentials.AccountError{Account: "100000000001", Forbidden: true},
				},
			),
		},
		{"an account that cannot be looked up", create(&cloudapi.Error{
			Action: "DescribeImageCaches",
			Kind:   cloudapi.KindUnsigned,
			Err: &credentials.AccountLookupError{
				With: from.Credentials,
				Err:  sts("GetCallerIdentity", "AuthFailure.SecretIdNotFound", "The SecretId is not found"),
			},
		})},
		{"a role of the machine", create(&cloudapi.Error{
			Action: "DescribeImageCaches",
			Kind:   cloudapi.KindUnsigned,
			Err: &credentials.Error{
				Link: credentials.Source{CVMRole: "machine", From: []credentials.Origin{
					{Kind: credentials.FromArgument, Name: "cam_role_name"},
				}},
				Err: &credentials.MetadataError{Host: "metadata.tencentyun.com", Role: "machine", Status: 404},
			},
		})},
		{"rate limit, at STS", create(link(sts("AssumeRole", "RequestLimitExceeded", "too many requests")))},
		{"no such registry instance", token("ResourceNotFound", "The instance does not exist")},
		{"no token of a registry", token("UnauthorizedOperation", "no permission")},
		{"no token of a registry, in other words", token("InternalError.CamNoAuth", "no permission")},
		{"rate limit, at TCR", token("RequestLimitExceeded", "too many requests")},
		{"quota, at TCR", token("LimitExceeded", "the quota is used up")},
		{"region, at TCR", token("UnsupportedRegion", "the region is not supported")},
		{"no such disk", disk("InvalidParameterValue", "The value of DiskType is not valid")},
		{"no price of a disk", disk("UnauthorizedOperation", "no permission")},
		{
			"a zone without the type of disk",
			tfdiag.DiskNotSold("ap-guangzhou-3", cbs.Disk{Type: "CLOUD_SSD", SizeGiB: 50}, nil),
		},
		{
			"a zone without disks of this size",
			tfdiag.DiskNotSold("ap-guangzhou-3", cbs.Disk{Type: "CLOUD_SSD", SizeGiB: 55},
				[]cbs.Config{{MinDiskSize: 20, MaxDiskSize: 32000, StepSize: 10}}),
		},
		{"a long-term token", tfdiag.LongTermToken("tcr-ak9876", "token0001")},
		{"a temporary token to delete", tfdiag.TemporaryTokenNotDeleted(path.Root("delete_on_close"))},
		{"a token that is not deleted", failedTCR(
			"delete long-term token token0001 of registry tcr-ak9876, which stays valid", "DeleteInstanceToken",
			"UnauthorizedOperation", "no permission",
		)},
		{"a table of contents that is not true", refutedTable()},
		{"a registry that is not verified", tfdiag.UnverifiedRegistry("registry.example.com")},
		{
			"wrong key",
			create(
				service(
					"CreateImageCache", "AuthFailure.SignatureFailure",
					"The provided credentials could not be validated",
				),
			),
		},
		{
			"unknown id",
			create(service("CreateImageCache", "AuthFailure.SecretIdNotFound", "The SecretId is not found")),
		},
		{"expired token", create(service("CreateImageCache", "AuthFailure.TokenFailure", "Token verification failed"))},
		{"clock", create(skewed)},
		{
			"action not allowed",
			create(service("UpdateImageCache", "UnauthorizedOperation.CamNoAuth", "you are not authorized")),
		},
		{
			"rate limit",
			create(service("CreateImageCache", "RequestLimitExceeded.UinLimitExceeded", "too many requests")),
		},
		{"quota", create(service("CreateImageCache", "LimitExceeded", "the quota is used up"))},
		{"sold out", create(service("CreateImageCache", "ResourcesSoldOut", "sold out"))},
		{"internal error", create(service("DescribeImageCaches", "InternalError", "internal error"))},
		{"a code without a remedy", create(service("CreateImageCache", "FailedOperation", "the operation failed"))},
		{"a value that the service refuses", create(
			service("CreateImageCache", "InvalidParameter", "VpcId is malformed"),
		)},
		{"no balance", create(service("CreateImageCache", "FailedOperation.TradeInsufficientBalance", "balance"))},
		{"refused tags", create(service("CreateImageCache", "FailedOperation.TagCommon", "tag error"))},
		{"no record", create(service("CreateImageCache", "FailedOperation.RecordNotFound", "record not found"))},
		{"no record in the database", create(
			service("CreateImageCache", "FailedOperation.DbRecordNotFound", "not found"),
		)},
		{"no record, in other words", create(
			service("CreateImageCache", "InternalError.DbRecordNotFound", "not found"),
		)},
		{"another quota", create(service("CreateImageCache", "InternalError.QuotaMaxRtLimit", "quota limit exceeded"))},
		{"rate limit of an address", create(
			service("CreateImageCache", "RequestLimitExceeded.IPLimitExceeded", "too many requests"),
		)},
		{"an action that the site lacks", create(
			service("CreateImageCache", "InvalidAction", "The action is invalid or not found"),
		)},
		{"a code of MFA that was used", create(link(sts("AssumeRole", "AuthFailure.MFAFailure", "MFA failed")))},
		{"TLS on a port of plain HTTP", create(&cloudapi.Error{
			Action: "CreateImageCache", Kind: cloudapi.KindNetwork, Host: "tke.tencentcloudapi.com",
			Message: http.ErrSchemeMismatch.Error(), Err: http.ErrSchemeMismatch,
		})},
		{
			"a gateway's page",
			create(
				&cloudapi.Error{
					Action:  "DescribeImageCaches",
					Kind:    cloudapi.KindStatus,
					Status:  502,
					Host:    "tke.tencentcloudapi.com",
					Message: "Bad Gateway",
				},
			),
		},
		{
			"not the API",
			create(
				&cloudapi.Error{
					Action:  "DescribeImageCaches",
					Kind:    cloudapi.KindMalformed,
					Host:    "tke.tencentcloudapi.com",
					Message: "it holds Log in to the guest network",
				},
			),
		},
		{
			"no answer",
			create(
				&cloudapi.Error{
					Action:  "DescribeImageCaches",
					Kind:    cloudapi.KindNetwork,
					Message: "dial tcp 127.0.0.1:1: connect: connection refused",
				},
			),
		},
		{
			"interrupted",
			create(
				&cloudapi.Error{
					Action:  "DescribeImageCaches",
					Kind:    cloudapi.KindCanceled,
					Message: "context canceled",
					Err:     context.Canceled,
				},
			),
		},
		{
			"a lost answer",
			create(
				&tke.UncertainError{
					Name: "llm",
					Err: &cloudapi.Error{
						Action:  "CreateImageCache",
						Kind:    cloudapi.KindNetwork,
						Message: "read: connection reset by peer",
					},
				},
			),
		},
		{
			"a lost answer, and looking fails too",
			create(&tke.UncertainError{
				Name: "llm",
				Err: &cloudapi.Error{
					Action:  "CreateImageCache",
					Kind:    cloudapi.KindNetwork,
					Message: "read: connection reset by peer",
				},
				SearchErr: &cloudapi.Error{
					Action:  "DescribeImageCaches",
					Kind:    cloudapi.KindNetwork,
					Message: "dial tcp: lookup tke.tencentcloudapi.com: no such host",
				},
			}),
		},
		{"a lost answer and new caches of the name", create(&tke.UncertainError{Name: "llm", Found: []tke.ImageCache{
			{ID: "imc-aaaaaaaa", Status: tke.StatusPending, Created: when, SizeGiB: 20, Images: images},
			{
				ID:      "imc-bbbbbbbb",
				Status:  tke.StatusReady,
				Created: tke.Time{Time: when.Add(-time.Hour)},
				SizeGiB: 40,
				Images:  images[:1],
			},
		}, Err: errors.New("unexpected EOF")})},
		{"a lost answer and a cache that differs", create(&tke.UncertainError{
			Name: "tf-abcdefghijkl",
			Found: []tke.ImageCache{
				{ID: "imc-aaaaaaaa", Status: tke.StatusPending, Created: when, SizeGiB: 40, Images: images},
			},
			Differences: []string{"size_gib is 40; requested: 20"},
			Err:         errors.New("unexpected EOF"),
		})},
		{
			"a list with a cache twice",
			create(&tke.InconsistentError{ID: "imc-aaaaaaaa", Problem: "the same cache twice", RequestID: request}),
		},
		{
			"a wait that met a list without a status",
			build(&tke.WaitError{
				ID:   "imc-r1htp8tg",
				Last: &tke.ImageCache{Status: "Pending"},
				Err: &tke.InconsistentError{
					ID:        "imc-r1htp8tg",
					Problem:   "a cache without a status",
					RequestID: request,
				},
			}),
		},
		{"a cache that is there again", tfdiag.ReappearedCache(&tke.ImageCache{ID: "imc-r1htp8tg", Name: "llm"})},
		{"a tag that moves", tfdiag.MovingTags([]string{"nginx", "llm:latest"})},
		{"an imported cache", tfdiag.RecordedAfterImport("imc-r1htp8tg")},
		{"a new cache without a VPC", tfdiag.SubnetRequired("vpc_id")},
		{"a move from a type that is not known", tfdiag.CannotMove("null_resource", "tencentcloud_tke_image_cache")},
		{"a move of a state without a cache", tfdiag.CannotMoveState("tencentcloud_tke_image_cache", "llm")},
		{"a moved cache that is not there", tfdiag.MovedCacheNotFound("imc-r1htp8tg", "ap-guangzhou")},
		{"a rebuild of a cache that is not there", tfdiag.RebuildNotFound("imc-r1htp8tg", "ap-guangzhou")},
		{"a rebuild while the cache is built", tfdiag.RebuildNotReady("imc-r1htp8tg", "Updating")},
		{"a rebuild of a failed cache", tfdiag.RebuildNotReady("imc-r1htp8tg", "Failed")},
		{"a rebuild that made no snapshot", tfdiag.SameSnapshot("imc-r1htp8tg", "snap-aaaaaaaa")},
		{"a query with a limit", tfdiag.QueryLimited(100, 120)},
		{"an import without an id", tfdiag.ImportNeedsID()},
		{"an import of a cache that is not there", tfdiag.ImportNotFound("imc-r1htp8tg", "ap-guangzhou")},
		{"an import from another region", tfdiag.ImportFromOtherRegion("ap-beijing", "ap-guangzhou")},
		{
			"the same snapshot after a rebuild",
			tfdiag.MaybeNotRebuilt(&tke.ImageCache{ID: "imc-r1htp8tg", SnapshotID: "snap-aaaaaaaa"}),
		},
		{"a cache that expires soon", tfdiag.ExpiresSoon(&tke.ImageCache{ID: "imc-r1htp8tg", Name: "llm"}, when.Time)},
		{"a cache that has expired", tfdiag.Expired("imc-r1htp8tg", "llm", 7, when.Time)},
		{"a cache at two addresses", tfdiag.DuplicateAddress("imc-r1htp8tg")},
		{
			"the wait ran out",
			build(
				&tke.WaitError{
					ID:   "imc-r1htp8tg",
					Last: &tke.ImageCache{Status: "Pending"},
					Err:  context.DeadlineExceeded,
				},
			),
		},
		{
			"the wait for an update ran out",
			tfdiag.CloudError(
				"update image cache imc-r1htp8tg",
				&tke.WaitError{
					ID:   "imc-r1htp8tg",
					For:  tke.Updated,
					Last: &tke.ImageCache{Status: "Updating"},
					Err:  context.DeadlineExceeded,
				},
				from,
			),
		},
		{
			"the wait for a deletion ran out",
			tfdiag.CloudError(
				"delete image cache imc-r1htp8tg",
				&tke.WaitError{
					ID:   "imc-r1htp8tg",
					For:  tke.Deleted,
					Last: &tke.ImageCache{Status: "Ready"},
					Err:  context.DeadlineExceeded,
				},
				from,
			),
		},
		{"the wait for an earlier build ran out of time", build(&tke.WaitError{
			ID: "imc-r1htp8tg", For: tke.Resumed, Err: context.DeadlineExceeded,
		})},
		{"an image with a scheme", tfdiag.InvalidImage(path.Root("images"), &failure.Error{
			Image: "https://registry.example.com/llm:v1", Kind: failure.InvalidReference,
			Err: errors.New("a reference has no scheme such as https://"),
		})},
		{"no password", tfdiag.NoPassword(path.Root("registry_credentials"), "registry.example.com")},
		{"unused credentials", tfdiag.UnusedCredentials(
			path.Root("registry_credentials"), "registry.example.org", []string{"docker.io", "registry.example.com"},
		)},
		{"a digest of another image", tfdiag.ForeignDigest(path.Root("image_digests"), "redis:8", "", images)},
		{"a digest in another spelling", tfdiag.ForeignDigest(
			path.Root("image_digests"), "docker.io/library/nginx:1.29", "nginx:1.29", images,
		)},
		{"no user name", tfdiag.NoUsername(path.Root("registry_credentials"), "registry.example.com")},
		{"a password with a line break", tfdiag.PasswordOfLines(path.Root("registry_credentials"), "registry.example.com")},
		{"a name with a line break", tfdiag.ControlCharacter(path.Root("name"), "llm\n")},
		{"a tag's key that is empty", tfdiag.InvalidTagKey(path.Root("tags"), "")},
		{"no resolv.conf", tfdiag.InvalidResolveConfig(
			path.Root("resolve_config"), "10.0.0.2\n", []string{"nameserver", "search"},
		)},
		{"an id of another kind", tfdiag.WrongID(path.Root("vpc_id"), "subnet-8ah75lo8", "vpc-")},
		{"no id", tfdiag.WrongID(path.Root("vpc_id"), "production", "vpc-")},
		{"an empty id", tfdiag.WrongID(path.Root("vpc_id"), "", "vpc-")},
		{"an id with more", tfdiag.WrongID(path.Root("vpc_id"), "vpc-508ctkfb (production)", "vpc-")},
		{"an address", tfdiag.WrongID(path.Root("existing_eip_id"), "43.136.1.2", "eip-")},
		{"no size", tfdiag.InvalidSize(
			path.Root("writable_gib"), errors.New("-1 GiB is not between 0 and 32000 GiB, the largest disk"),
		)},
		{"an image that is null", tfdiag.MissingImage(path.Root("images").AtListIndex(1), 1, true)},
		{"a negative timeout", tfdiag.InvalidTimeout(path.Root("timeouts"), "create", "-90m")},
		{"no regular expression", tfdiag.InvalidRegex(
			path.Root("name_regex"), errors.New("error parsing regexp: missing closing ): `(`"),
		)},
		{"a snapshotter that is written", tfdiag.SnapshotterIsComputed(path.Root("snapshotter"))},
		{"no endpoint", tfdiag.InvalidEndpoint("tke", errors.New(
			"\"https://tke.example.com?a=b\" has more than a scheme, a host and a path: write https://tke.example.com",
		))},
		{"registries that cannot be used", tfdiag.InvalidRegistries(
			"registries", errors.New(
				`registry "https://registry.example.com": write a host name and perhaps a port, `+
					`without scheme and path`,
			),
		)},
		{"no cache of a name", tfdiag.NotOneCache(path.Root("name"), "llm", "ap-guangzhou", nil)},
		{"several caches of a name", tfdiag.NotOneCache(
			path.Root("name"), "llm", "ap-guangzhou", []tke.ImageCache{
				{ID: "imc-aaaaaaaa", Status: "Ready", SizeGiB: 20, Created: when, Images: images},
				{ID: "imc-bbbbbbbb", Status: "Pending", SizeGiB: 50, Created: when, Images: images},
			},
		)},
		{"a fault of the provider", tfdiag.ProviderFault(
			"delete a long-term token, which stays valid", errors.New("the token to delete is not known"),
		)},
		{"a null value of a key", tfdiag.NullValue(path.Root("tags"), "team")},
		{"a null in a set", tfdiag.NullValue(path.Root("images"), "")},
		{"an ignored tag", tfdiag.IgnoredTag(path.Root("tags"), "creator")},
		{"a fraction", tfdiag.NotWhole("size_gib", "20.5")},
		{"an update was not begun", tfdiag.UpdateNotBegun("imc-r1htp8tg")},
		{"an update makes a cache unusable", tfdiag.UnusableMeanwhile("imc-r1htp8tg")},
		{"a cache is gone", tfdiag.Gone("imc-r1htp8tg", "llm")},
		{"a build was interrupted", tfdiag.InterruptedBuild("imc-r1htp8tg", tke.StatusPending)},
		{"an update was interrupted", tfdiag.InterruptedBuild("imc-r1htp8tg", tke.StatusUpdating)},
		{"a cache that is being built is planned", tfdiag.WaitsForBuild("imc-r1htp8tg", tke.StatusPending)},
		{"the wait was interrupted", build(&tke.WaitError{
			ID: "imc-r1htp8tg", For: tke.Deleted, Err: context.Canceled,
		})},
		{
			"the wait could not look",
			build(
				&tke.WaitError{
					ID:   "imc-r1htp8tg",
					Last: &tke.ImageCache{Status: "Pending"},
					Err:  service("DescribeImageCaches", "AuthFailure.TokenFailure", "Token verification failed"),
				},
			),
		},
		{"gone during the wait", build(&tke.GoneError{ID: "imc-r1htp8tg"})},
		{"failed without a word", build(failedCache(tke.StatusFailed))},
		{
			"failed: no space",
			build(
				failedCache(
					tke.StatusFailed, "create disk disk-320438xa failed once",
					"failed to copy: write /var/lib/containerd/io.containerd.content.v1.content/ingest/002e/data: "+
						"no space left on device",
				),
			),
		},
		{
			"failed: no space, measured",
			tfdiag.WithMeasuredSize(
				build(failedCache(tke.StatusFailed, "write /data: no space left on device")), 20, 50,
			),
		},
		{
			"failed: no space, though it should fit",
			tfdiag.WithMeasuredSize(
				build(failedCache(tke.StatusFailed, "write /data: no space left on device")), 20, 20,
			),
		},
		{
			"failed: credentials",
			build(
				failedCache(
					tke.StatusFailed,
					"pull access denied, repository does not exist or may require authorization: 401 Unauthorized",
				),
			),
		},
		{"failed: no route", build(failedCache(tke.StatusFailed, "dial tcp 1.2.3.4:443: i/o timeout"))},
		{"update failed", build(failedCache(tke.StatusUpdateFailed, "manifest unknown"))},
		{"the wait got no answers", build(&tke.WaitError{ID: "imc-r1htp8tg", For: tke.Built, Err: &cloudapi.Error{
			Action:  "DescribeImageCaches",
			Kind:    cloudapi.KindNetwork,
			Message: "no answer within 30s",
			Err:     context.DeadlineExceeded,
		}})},
		{"a cache of the same name", tfdiag.SameNameCaches("llm", []tke.ImageCache{
			{
				ID:      "imc-aaaaaaaa",
				Status:  tke.StatusFailed,
				Created: tke.Time{Time: when.Add(-time.Hour)},
			},
			{ID: "imc-bbbbbbbb", Status: tke.StatusReady, Created: when},
		})},
		{
			"no such image",
			measured(
				&failure.Error{
					Image:      images[1],
					Host:       "registry.example.com",
					Kind:       failure.NotFound,
					Action:     "reading the manifest",
					StatusCode: 404,
					Code:       "MANIFEST_UNKNOWN",
					Message:    "manifest unknown",
				},
			),
		},
		{
			"no such platform",
			measured(
				&failure.Error{
					Image:     images[1],
					Host:      "registry.example.com",
					Kind:      failure.NoPlatform,
					Action:    "reading the manifest",
					Platform:  "linux/amd64",
					Platforms: []string{"linux/arm64"},
				},
			),
		},
		{
			"layers that are no tars",
			measured(
				&failure.Error{
					Image:     images[1],
					Host:      "registry.example.com",
					Kind:      failure.LayerType,
					Action:    "reading the manifest",
					MediaType: "application/vnd.ollama.image.model",
				},
			),
		},
		{
			"a layer that is foreign",
			counted(fmt.Errorf("%w: %w", measure.ErrForeign, &failure.Error{Kind: failure.NotFound})),
		},
		{
			"an image that containerd does not unpack",
			tfdiag.RefusedLayers(path.Root("images"), images, []measure.Refusal{
				{
					Image: images[1], Digest: "sha256:abc",
					Refusal: layersize.Refusal{Entry: `"usr/bin/[\n"`, Reason: layersize.RefusedLink},
				},
				{
					Image: images[1], Digest: "sha256:def",
					Refusal: layersize.Refusal{Reason: layersize.RefusedCompressed},
				},
			})[0],
		},
		{
			"an index with features before the image",
			tfdiag.FeaturedImages(path.Root("images"), images, []measure.Image{{Image: &registry.Image{
				Reference: images[1], Digest: "sha256:abc",
				Featured: &registry.Featured{Digest: "sha256:def", Platform: "linux(+nydus.remoteimage.v1)/amd64"},
			}}})[0],
		},
		{
			"refused credentials",
			measured(
				&failure.Error{
					Image:            images[1],
					Host:             "registry.example.com",
					Kind:             failure.Unauthorized,
					Action:           "reading the manifest",
					StatusCode:       401,
					CredentialSource: failure.SourceConfiguration,
				},
			),
		},
		{
			"storage that refuses",
			measured(
				&measure.LayerError{
					Image:  images[1],
					Digest: "sha256:abc",
					Err: &failure.Error{
						Image:      images[1],
						Host:       "blobs.example.net",
						Kind:       failure.Unauthorized,
						Action:     "reading the layer",
						StatusCode: 401,
						Elsewhere:  true,
					},
				},
			),
		},
		{
			"a redirect to plain HTTP",
			measured(
				&failure.Error{
					Image:  images[1],
					Host:   "blobs.example.net:5000",
					Kind:   failure.Refused,
					Action: "reading the configuration",
					Err:    failure.ErrDowngrade,
				},
			),
		},
		{
			"a mirror and its registry that fail",
			measured(
				&failure.Error{
					Image:      images[1],
					Host:       "mirror.example.net",
					Kind:       failure.NotFound,
					Action:     "reading the manifest",
					StatusCode: 404,
					Others: []*failure.Error{{
						Host: "registry.example.com",
						Kind: failure.Unreachable,
						Err:  errors.New("dial tcp 203.0.113.7:443: connect: connection refused"),
					}},
				},
			),
		},
		{"a mirror that is not verified", tfdiag.UnverifiedEndpoint("mirror.example.com")},
		{
			"a hosts.toml with a fault",
			tfdiag.HostsDirFault(errors.New("certs.d/docker.io/hosts.toml:3: containerd knows no key capability")),
		},
		{
			"two token services",
			measured(
				&failure.Error{
					Image:  images[1],
					Host:   "registry.example.com",
					Kind:   failure.Protocol,
					Action: "getting a token",
					Err: errors.New(
						"it names two token services, https://auth.example.com/token and " +
							"https://auth.example.net/token, and credentials go to neither",
					),
				},
			),
		},
		{
			"a registry whose password is not known yet",
			measured(
				&failure.Error{
					Image:  images[1],
					Host:   "registry.example.com",
					Kind:   failure.Pending,
					Action: "reading the manifest",
				},
			),
		},
		{
			"registries that are not known yet",
			measured(
				&failure.Error{
					Image:  images[1],
					Host:   "registry.example.com",
					Kind:   failure.Pending,
					Action: "reading the manifest",
					Err:    errors.New("the registry wants credentials (HTTP 401)"),
				},
			),
		},
		{
			"registry down",
			measured(
				&failure.Error{
					Image:  images[1],
					Host:   "registry.example.com",
					Kind:   failure.Unreachable,
					Action: "reading the manifest",
					Err:    errors.New("connect: connection refused"),
				},
			),
		},
		{
			"registry's rate limit",
			measured(
				&failure.Error{
					Image:      images[1],
					Host:       "registry.example.com",
					Kind:       failure.RateLimited,
					Action:     "reading the manifest",
					StatusCode: 429,
					RetryAfter: time.Minute,
				},
			),
		},
		{
			"a layer that cannot be read",
			measured(
				&measure.LayerError{
					Image:  images[1],
					Digest: "sha256:abc",
					Err: &failure.Error{
						Image:  images[1],
						Host:   "cdn.example.com",
						Kind:   failure.Timeout,
						Action: "reading the layer",
					},
				},
			),
		},
		{"a proxy that wants a login", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.Proxy, Action: "reading the manifest",
			Proxy: "proxy.example.com:3128", StatusCode: 407,
		})},
		{"a proxy that refuses", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.Proxy, Action: "reading the manifest",
			Proxy: "proxy.example.com:3128", StatusCode: 403,
		})},
		{"a proxy that is not there", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.Proxy, Action: "reading the manifest",
			Proxy: "10.0.0.1:3128", Err: errors.New("connection refused"),
		})},
		{"a web page", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.WebPage, Action: "reading the manifest",
			StatusCode: 200, Message: `a web page (HTML) titled "Sign in"`,
		})},
		{"plain HTTP where TLS was expected", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com:5000", Kind: failure.TLS, Action: "reading the manifest",
			Err: http.ErrSchemeMismatch,
		})},
		{"TLS where plain HTTP was expected", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com:5000", Kind: failure.TLS, Action: "reading the manifest",
			StatusCode: 400, Err: failure.ErrWantsTLS,
		})},
		{"a certificate of an unknown CA", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.TLS, Action: "reading the manifest",
			Err: errors.New("tls: failed to verify certificate: x509: certificate signed by unknown authority"),
		})},
		{"no access without credentials", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.Forbidden, Action: "reading the manifest",
			StatusCode: 403, Code: "DENIED", Message: "denied",
			CredentialNote: `credential helper docker-credential-ecr: exit status 1; ` +
				`it says "The session has expired."`,
		})},
		{"no access with credentials", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.Forbidden, Action: "reading the manifest",
			StatusCode: 403, CredentialSource: failure.SourceDocker,
		})},
		{"a blob of another size", counted(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.Malformed, Action: "reading layer sha256:abc",
			Err: fmt.Errorf("%w: it says 5 bytes, and there are 6", failure.ErrWrongSize),
		})},
		{"a rate limit for days", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.RateLimited, Action: "reading the manifest",
			StatusCode: 429, RetryAfter: 80 * time.Hour,
		})},
		{"a rate limit for ever", measured(&failure.Error{
			Image: images[1], Host: "registry.example.com", Kind: failure.RateLimited, Action: "reading the manifest",
			StatusCode: 429, RetryAfter: 365 * 24 * time.Hour,
		})},
		{"a layer that is no tar", counted(fmt.Errorf("%w: unexpected EOF", layersize.ErrNotTar))},
		{
			"a layer whose compression breaks off",
			counted(fmt.Errorf("%w: the stream ends early", layersize.ErrCompression)),
		},
		{
			"a layer that is a bomb",
			counted(fmt.Errorf("%w: %d bytes", layersize.ErrBomb, int64(stream.DefaultUnpackedBytes))),
		},
		{
			"a layer of too many files",
			counted(fmt.Errorf("%w: %d", layersize.ErrTooManyEntries, stream.DefaultEntries)),
		},
		{"a layer that wants too much memory", counted(fmt.Errorf("%w: window size exceeded", layersize.ErrWindow))},
		{
			"a measurement that was interrupted",
			tfdiag.MeasureErrors(path.Root("images"), context.Canceled, when.Time)[0],
		},
		{"a layer that fails in another way", counted(errors.New("the layer cannot be read"))},
		{"an image that is kept", tfdiag.MeasureErrors(path.Root("images"), measure.ImageErrors{{
			Index: 1, Err: goneImage, Stored: keptImage(),
		}}, when.Time)[0]},
		{"an image that was not read again", tfdiag.StaleImages(path.Root("images"), []measure.StaleImage{{
			Index: 1, Err: goneImage, Stored: keptImage(),
		}}, when.Time)[0]},
		{"an image of which nothing was learned in time", measured(&measure.TimeUpError{
			After: 10 * time.Minute,
			Err: &failure.Error{
				Image: images[1], Host: "registry.example.com", Kind: failure.Timeout, Action: "reading the manifest",
				Err: context.DeadlineExceeded,
			},
		})},
		{"layers that were not read in time", tfdiag.TimeUp(&measure.Report{
			TimeUp: 10 * time.Minute,
			Images: []measure.Image{{
				Image:        &registry.Image{Layers: []registry.Layer{{Digest: "sha256:a"}, {Digest: "sha256:b"}}},
				Measurements: []layersize.Measurement{{Fault: measure.ErrTimeUp}, {}},
			}},
		})[0]},
		{"rounds that were not read in time", tfdiag.TimeUp(&measure.Report{TimeUp: time.Minute})[0]},
		{"no disk is large enough", tfdiag.DiskError(tooLarge)},
		{
			"measurements that cannot be kept",
			tfdiag.MeasurementsNotKept(
				"/var/cache/tkeimage", errors.New("mkdir /var/cache/tkeimage: permission denied"),
			),
		},
	}
}

// TestTexts holds every text to the letter, in a file that reads as a catalogue. Run with -update
// after a change, and read the diff.
func TestTexts(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	got.WriteString("# What a user reads after a failure\n")
	for _, entry := range texts() {
		got.WriteString("\n## " + entry.situation + "\n\n")
		if at, ok := entry.text.(diag.DiagnosticWithPath); ok {
			got.WriteString("at " + at.Path().String() + ": ")
		}
		got.WriteString("**" + entry.text.Summary() + "**\n\n```\n" + entry.text.Detail() + "\n```\n")
	}
	const file = "testdata/texts.md"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the texts changed (go test ./internal/tfdiag -update writes them anew):\n%s", diff)
	}
}

var goneImage = &failure.Error{
	Image: "registry.example.com/llm:v1", Host: "registry.example.com", Kind: failure.NotFound,
	Action: "reading the manifest", StatusCode: 404, Code: "MANIFEST_UNKNOWN", Message: "manifest unknown",
}

func keptImage() *measure.StoredImage {
	return &measure.StoredImage{
		At: when.Add(-50 * time.Hour), Mode: measure.Auto,
		Image: &registry.Image{Reference: "registry.example.com/llm:v1", Digest: "sha256:abc"},
	}
}

func refutedTable() diag.Diagnostic {
	image := "registry.example.com/app:v1"
	report := &measure.Report{Images: []measure.Image{
		{
			Image: &registry.Image{
				Reference: image,
				Layers:    []registry.Layer{{Digest: "sha256:" + strings.Repeat("a", 64)}},
			},
			Measurements: []layersize.Measurement{
				{
					Refuted: fmt.Sprintf(
						"the table of contents %v: at 51200, the content has another digest",
						layersize.ErrTable,
					),
				},
			},
		},
	}}
	return tfdiag.RefutedTables(path.Root("images"), []string{image}, report)[0]
}
