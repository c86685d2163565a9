package credentials

import (
	"fmt"
	"strings"
)

// ArgumentError reports an incomplete or invalid set of arguments.
type ArgumentError struct {
	Problem  ArgumentProblem
	Block    string // the block at fault, empty for an argument of the provider itself
	Argument string // what lacks or is wrong, empty for the block as a whole
	Variable string // the environment variable that serves in the argument's place
	Value    string // of the variable, if that is wrong; never a secret

	Have string // PartialKeyPair: the part that is set
	From Origin // and where
}

// ArgumentProblem says what is wrong with arguments.
type ArgumentProblem string

// What may be wrong with arguments.
const (
	PartialKeyPair      ArgumentProblem = "part of the key pair is missing"
	MissingArgument     ArgumentProblem = "a block lacks an argument"
	MissingSessionName  ArgumentProblem = "the environment names a role and no session"
	InvalidDuration     ArgumentProblem = "the duration is not within its limits"
	SessionsInBlocks    ArgumentProblem = "two blocks begin a session"
	SessionsInVariables ArgumentProblem = "the environment begins two sessions"
)

// Error is for logs.
func (e *ArgumentError) Error() string {
	return fmt.Sprintf("%s (%s)", e.Problem, strings.Trim(e.Block+"."+e.Argument, "."))
}

func newMissingArgumentError(block, argument, variable string) error {
	return &ArgumentError{Problem: MissingArgument, Block: block, Argument: argument, Variable: variable}
}

// ProfileError says that a profile file is there but cannot be used.
type ProfileError struct {
	File    string
	Problem string
}

func (e *ProfileError) Error() string {
	return fmt.Sprintf("the profile file %s %s", e.File, e.Problem)
}

// PodError says that the role of a Pod is asked for where there is no identity of a Pod.
type PodError struct{ Lacks []string } // environment variables

func (e *PodError) Error() string {
	return "the environment has no identity of a Pod: it lacks " + strings.Join(e.Lacks, ", ")
}

// NothingToAssumeWithError says that there is a role to assume, and no credential to assume it
// with.
type NothingToAssumeWithError struct {
	Role    Source
	Profile ProfileFile
}

func (e *NothingToAssumeWithError) Error() string {
	return fmt.Sprintf("no credentials were found to assume %s with", e.Role)
}

// Error reports that a link of the chain could not be obtained.
type Error struct {
	Link Source  // what was requested
	With *Source // the source of the credential that was used for it; nil if none was
	Err  error   // a *cloudapi.Error of STS, or a *MetadataError, or what a file was read with
}

func (e *Error) Error() string { return fmt.Sprintf("cannot get %s: %v", e.Link, e.Err) }

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// AccountLookupError reports that the account of the credentials could not be looked up.
type AccountLookupError struct {
	With []Source // the chain whose account was looked up
	Err  error
}

func (e *AccountLookupError) Error() string {
	return fmt.Sprintf("cannot look up the account: %v", e.Err)
}

// Unwrap returns what went wrong.
func (e *AccountLookupError) Unwrap() error { return e.Err }

// AccountError says that the credentials belong to an account that must not be used.
type AccountError struct {
	Account   string // UIN of the account that the credentials belong to
	Allowed   []string
	Forbidden bool
}

func (e *AccountError) Error() string {
	return fmt.Sprintf("the credentials belong to account %s, which may not be used", e.Account)
}
