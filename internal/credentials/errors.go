package credentials

import (
	"fmt"
	"strings"
)

// ArgumentError reports an incomplete or invalid set of arguments.
type ArgumentError struct {
	Block    string // the block at fault, empty for an argument of the provider itself
	Argument string // empty for the block as a whole
	Problem  string // a sentence or two, with what to set instead
}

func (e *ArgumentError) Error() string { return e.Problem }

func newPartialKeysError(have, from, lacks, variable string) error {
	return &ArgumentError{Argument: lacks, Problem: fmt.Sprintf(
		"%s is set by %s, but %s is not: set the argument %s or the environment variable %s.",
		have, from, lacks, lacks, variable,
	)}
}

func newMissingArgumentError(block, argument, variable string) error {
	return &ArgumentError{Block: block, Argument: argument, Problem: fmt.Sprintf(
		"%s has no %s: set it in the block, or the environment variable %s.", block, argument, variable)}
}

// ProfileError says that a profile file is there but cannot be used.
type ProfileError struct {
	File    string
	Problem string
}

func (e *ProfileError) Error() string {
	return fmt.Sprintf("the profile file %s %s", e.File, e.Problem)
}

// PodError says that enable_pod_oidc is set where there is no identity of a Pod.
type PodError struct{ Lacks []string }

func (e *PodError) Error() string {
	return fmt.Sprintf(
		"the provider has enable_pod_oidc, but the environment has no %s: this does not run in a Pod whose service "+
			"account "+
			"(serviceAccountName) has a role, or TKE's webhook for that is not installed",
		strings.Join(e.Lacks, ", "),
	)
}

// NothingToAssumeWithError says that there is a role to assume, and no credential to assume it
// with.
type NothingToAssumeWithError struct {
	Role   string
	Looked []string
}

func (e *NothingToAssumeWithError) Error() string {
	return fmt.Sprintf(
		"no credentials were found to assume %s with; looked at: %s", e.Role, strings.Join(e.Looked, "; "),
	)
}

// Error reports that a link of the chain could not be obtained.
type Error struct {
	Link string // what was requested, in words
	With string // the source of the credential that was used for it; empty if none was
	Err  error  // a *cloudapi.Error of STS, or a *MetadataError, or what a file was read with
}

func (e *Error) Error() string { return fmt.Sprintf("cannot get %s: %v", e.Link, e.Err) }

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// AccountError says that the credentials belong to an account that must not be used.
type AccountError struct {
	Account   string // UIN of the account that the credentials belong to
	Allowed   []string
	Forbidden bool
}

func (e *AccountError) Error() string {
	if e.Forbidden {
		return fmt.Sprintf("the credentials belong to account %s, which forbidden_account_ids names", e.Account)
	}
	return fmt.Sprintf(
		"the credentials belong to account %s; allowed_account_ids has only %s", e.Account,
		strings.Join(e.Allowed, ", "),
	)
}
