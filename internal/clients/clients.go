// Package clients carries what the provider's configuration comes to into resources, data sources and functions.
package clients

import (
	"fmt"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// Clients is the provider's data. Nothing in it has made a request yet.
type Clients struct {
	Measurer *measure.Measurer

	Cloud       *tke.Client // nil when there are no credentials: use TKE
	Deferred    bool        // the credentials will be known only during apply
	Region      string
	Credentials string   // where the cloud credentials were found
	Looked      []string // where they were looked for
}

// MissingCredentialsError says that something needs the cloud and there are no credentials for it.
type MissingCredentialsError struct{ Looked []string }

func (e *MissingCredentialsError) Error() string {
	return fmt.Sprintf("no cloud credentials were found; looked at: %s", strings.Join(e.Looked, "; "))
}

// TKE gives the client for the cloud, or a *MissingCredentialsError: only what needs the cloud asks for it.
func (c *Clients) TKE() (*tke.Client, error) {
	if c.Cloud == nil {
		return nil, &MissingCredentialsError{Looked: c.Looked}
	}
	return c.Cloud, nil
}
