package credentials

import (
	"context"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// accountGuard returns a credential only if its account may be used. The account of a chain never
// changes, so STS is called once, when the credential is first needed.
type accountGuard struct {
	cloudapi.Credentials // what is guarded

	sts    *cloudapi.Client
	rules  Resolved
	slot   chan struct{} // full while a request is under way
	passed bool          // guarded by slot
	barred *AccountError // likewise
}

func (s Services) newAccountGuard(have cloudapi.Credentials, rules Resolved) (*accountGuard, error) {
	client, err := s.newSTSClient(have, "")
	if err != nil {
		return nil, err
	}
	return &accountGuard{Credentials: have, sts: client, rules: rules, slot: make(chan struct{}, 1)}, nil
}

// Retrieve returns the credential, or an *AccountError.
func (g *accountGuard) Retrieve(ctx context.Context) (cloudapi.Credential, error) {
	credential, err := g.Credentials.Retrieve(ctx)
	if err != nil {
		return credential, err
	}
	if err := g.checkAccount(ctx); err != nil {
		return cloudapi.Credential{}, err
	}
	return credential, nil
}

func (g *accountGuard) checkAccount(ctx context.Context) error {
	select {
	case g.slot <- struct{}{}:
		defer func() { <-g.slot }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	switch {
	case g.passed:
		return nil
	case g.barred != nil:
		return g.barred
	}
	who, err := cloudapi.Call[struct {
		AccountID string `json:"AccountId"` // UIN of the root account
	}](ctx, g.sts, getCallerIdentity, struct{}{})
	if err != nil {
		return &AccountLookupError{With: g.rules.Sources(), Err: err}
	}
	if g.barred = g.rules.checkAccountLists(who.AccountID); g.barred != nil {
		return g.barred
	}
	g.passed = true
	return nil
}

// checkAccountLists returns an error if the account is forbidden or not allowed.
func (r Resolved) checkAccountLists(account string) *AccountError {
	switch {
	case slices.Contains(r.ForbiddenAccounts, account):
		return &AccountError{Account: account, Forbidden: true}
	case len(r.AllowedAccounts) > 0 && !slices.Contains(r.AllowedAccounts, account):
		return &AccountError{Account: account, Allowed: r.AllowedAccounts}
	}
	return nil
}
