package credentials

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

// Services are where sessions come from.
type Services struct {
	// STS is the client's configuration, without service, version and credentials. Its Secrets get
	// those of every link.
	STS cloudapi.Config
	// Metadata is the URL of the CVM metadata service. Default: the one that every CVM has.
	Metadata string
	// MetadataTransport is the wire to it, which tests replace. Default: one without proxies, since
	// the service answers the machine itself.
	MetadataTransport http.RoundTripper
	// ReadFile reads the files of web identities. Default: os.ReadFile.
	ReadFile func(path string) ([]byte, error)
	// Log describes a renewal that failed while the session is still good. Optional.
	Log func(ctx context.Context, message string, fields map[string]any)
}

// Credentials turns the chain into the credentials that sign requests, without making a request;
// nil if nothing was found. The error is that of an endpoint that is not a URL. Retrieve returns an
// *Error or an *AccountError.
func (r Resolved) Credentials(services Services) (cloudapi.Credentials, error) {
	if services.ReadFile == nil {
		services.ReadFile = os.ReadFile
	}
	if services.STS.Secrets == nil {
		services.STS.Secrets = new(redact.Secrets)
	}
	services.STS.Region = r.Region
	var have cloudapi.Credentials
	var source *Source
	for _, link := range r.Chain {
		services.STS.Secrets.Add(link.secrets()...)
		next, err := services.newProvider(link, have, source)
		if err != nil {
			return nil, err
		}
		of := link.Source()
		have, source = next, &of
	}
	if have == nil || len(r.AllowedAccounts)+len(r.ForbiddenAccounts) == 0 {
		return have, nil
	}
	return services.newAccountGuard(have, r)
}

// newProvider makes the provider of one link. Static credentials never change; all others are
// sessions.
func (s Services) newProvider(link Link, with cloudapi.Credentials, source *Source) (cloudapi.Credentials, error) {
	if _, chained := link.(AssumeRole); !chained {
		source = nil
	}
	var from fetchFunc
	var err error
	switch link := link.(type) {
	case Static:
		return link.Credential, nil
	case CVMRole:
		from = s.newCVMRoleFetcher(link)
	default:
		from, err = s.newRoleFetcher(link, with)
	}
	if err != nil {
		return nil, err
	}
	return newSession(func(ctx context.Context) (temporaryCredential, error) {
		got, err := from(ctx)
		if err != nil {
			return got, &Error{Link: link.Source(), With: source, Err: err}
		}
		return got, nil
	}, s.Log), nil
}

// temporaryCredential is a credential and its expiry.
type temporaryCredential struct {
	cloudapi.Credential
	expires time.Time
}

// fetchFunc requests a new session.
type fetchFunc func(ctx context.Context) (temporaryCredential, error)
