// Package clients carries what the provider's configuration comes to into resources, data sources
// and functions.
package clients

import (
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// Clients is the provider's data. Nothing in it has made a request yet.
type Clients struct {
	Measurer *measure.Measurer

	TKEClient *tke.Client // nil when there are no credentials: use TKE
	TCRClient *tcr.Client // likewise: use TCR
	CBSClient *cbs.Client // likewise: use CBS
	Currency  string      // of the prices that the site of the CBS endpoint publishes: CNY or USD
	// the provider's arguments that are not known until apply: until then no call can be made
	UnknownArguments []string
	Region           string
	Credentials      []credentials.Source    // the chain of the cloud credentials that were found
	Profile          credentials.ProfileFile // that was searched for them
	Fault            error                   // why what was found cannot be used

	Tags    TagRules
	Updates Slots // that make a cache unusable while they run

	Secrets *redact.Secrets // what nothing that is shown or stored may hold

	Planned PlannedNames // what plans have learned of caches' names

	Seen SeenCaches // the caches that this process has met in a state, made, or dropped from a state
}

// MissingCredentialsError says that something needs the cloud and there are no credentials for it.
type MissingCredentialsError struct{ Profile credentials.ProfileFile }

func (e *MissingCredentialsError) Error() string { return "no cloud credentials were found" }

// UnknownArgumentsError reports a need for the cloud while arguments that say where to connect, or
// with which credentials, are not known until apply.
type UnknownArgumentsError struct{ Arguments []string }

func (e *UnknownArgumentsError) Error() string {
	return "known only during apply: " + strings.Join(e.Arguments, ", ")
}

// Deferred reports whether the cloud can be asked during apply alone.
func (c *Clients) Deferred() bool { return len(c.UnknownArguments) > 0 }

// TKE returns the client for image caches. The error is a *MissingCredentialsError, an
// *UnknownArgumentsError, or one of package credentials if what was found cannot be used.
func (c *Clients) TKE() (*tke.Client, error) { return c.TKEClient, c.checkUsable(c.TKEClient != nil) }

// TCR returns the client for registry instances, with the same errors as TKE.
func (c *Clients) TCR() (*tcr.Client, error) { return c.TCRClient, c.checkUsable(c.TCRClient != nil) }

// CBS returns the client for prices of disks, with the same errors as TKE.
func (c *Clients) CBS() (*cbs.Client, error) { return c.CBSClient, c.checkUsable(c.CBSClient != nil) }

func (c *Clients) checkUsable(there bool) error {
	switch {
	case c.Deferred():
		return &UnknownArgumentsError{Arguments: c.UnknownArguments}
	case c.Fault != nil:
		return c.Fault
	case !there:
		return &MissingCredentialsError{Profile: c.Profile}
	}
	return nil
}
