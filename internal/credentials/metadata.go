package credentials

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	// metadataURL is the service of every CVM
	// (https://cloud.tencent.com/document/product/213/4934).
	metadataURL = "http://metadata.tencentyun.com"
	rolePath    = "/latest/meta-data/cam/security-credentials/"

	metadataTimeout  = 2 * time.Second // the service is on the same host
	metadataTries    = 3
	maxMetadataBytes = 64 << 10
)

// MetadataError says that the CVM's metadata service gave no session.
type MetadataError struct {
	Host   string
	Role   string
	Status int    // of HTTP; 0 when no answer came
	Code   string // in an answer that is none
	Err    error
}

func (e *MetadataError) Error() string {
	switch {
	case e.Status == http.StatusNotFound:
		return fmt.Sprintf(
			"the metadata service at %s knows no role %q (HTTP 404): it is not bound to this machine", e.Host,
			e.Role,
		)
	case e.Code != "":
		return fmt.Sprintf("the metadata service at %s answered for the role %q with code %q", e.Host, e.Role, e.Code)
	case e.Err != nil:
		return fmt.Sprintf("the metadata service at %s gave no answer: %v", e.Host, e.Err)
	}
	return fmt.Sprintf(
		"the metadata service at %s answered for the role %q with HTTP status %d and no credential", e.Host, e.Role,
		e.Status,
	)
}

// Unwrap returns what kept an answer from coming.
func (e *MetadataError) Unwrap() error { return e.Err }

// newCVMRoleFetcher returns the fetch function for the machine's own role.
func (s Services) newCVMRoleFetcher(link CVMRole) fetchFunc {
	base := strings.TrimSuffix(cmp.Or(s.Metadata, metadataURL), "/")
	client := retryablehttp.NewClient()
	client.Logger = nil // it would log what it asks for
	client.RetryMax = metadataTries - 1
	client.RetryWaitMin, client.RetryWaitMax = cmp.Or(s.STS.RetryWait, client.RetryWaitMin), metadataTimeout
	client.Backoff = cloudapi.Backoff
	client.HTTPClient = &http.Client{
		Timeout:       metadataTimeout,
		Transport:     s.metadataRoundTripper(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	client.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return func(ctx context.Context) (temporaryCredential, error) {
		request, err := retryablehttp.NewRequestWithContext(
			ctx, http.MethodGet, base+rolePath+url.PathEscape(link.Name), nil,
		)
		if err != nil {
			return temporaryCredential{}, err
		}
		response, err := client.Do(request)
		if err != nil {
			return temporaryCredential{}, &MetadataError{Host: request.Host, Role: link.Name, Err: s.redactCause(err)}
		}
		defer response.Body.Close()
		return s.parseRoleResponse(
			response, &MetadataError{Host: request.Host, Role: link.Name, Status: response.StatusCode},
		)
	}
}

// metadataRoundTripper goes past all proxies: none of them is on this machine.
func (s Services) metadataRoundTripper() http.RoundTripper {
	if s.MetadataTransport != nil {
		return s.MetadataTransport
	}
	return &http.Transport{DisableKeepAlives: true}
}

// maxErrorRunes bounds what an error repeats of the metadata service.
const maxErrorRunes = 300

// redactCause is the cause of an error, which may quote what came over the wire.
func (s Services) redactCause(err error) error {
	return s.STS.Secrets.Error(cloudapi.RootCause(err), maxErrorRunes)
}

func (s Services) parseRoleResponse(response *http.Response, failed *MetadataError) (temporaryCredential, error) {
	if response.StatusCode != http.StatusOK {
		return temporaryCredential{}, failed
	}
	var answer struct {
		TmpSecretID  string `json:"TmpSecretId"`
		TmpSecretKey string
		Token        string
		ExpiredTime  int64 // Unix seconds
		Code         string
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxMetadataBytes))
	if err != nil {
		failed.Err = s.redactCause(err)
		return temporaryCredential{}, failed
	}
	if json.Unmarshal(content, &answer) != nil {
		return temporaryCredential{}, failed
	}
	s.STS.Secrets.Add(answer.TmpSecretKey, answer.Token)
	if answer.Code != "Success" || answer.TmpSecretID == "" || answer.TmpSecretKey == "" || answer.ExpiredTime == 0 {
		failed.Code = s.STS.Secrets.Text(answer.Code, maxErrorRunes)
		return temporaryCredential{}, failed
	}
	return temporaryCredential{
		Credential: cloudapi.Credential{
			SecretID:  answer.TmpSecretID,
			SecretKey: answer.TmpSecretKey,
			Token:     answer.Token,
		},
		expires: time.Unix(answer.ExpiredTime, 0),
	}, nil
}
