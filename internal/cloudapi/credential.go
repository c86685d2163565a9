package cloudapi

import "context"

// Credential is what a request is signed with. Token is empty for a long-term key pair.
type Credential struct {
	SecretID, SecretKey, Token string
}

// Credentials provides the credential that is valid now. Implementations renew temporary
// credentials before they expire.
type Credentials interface {
	Retrieve(ctx context.Context) (Credential, error)
}

// Retrieve returns the credential itself, which makes a long-term one a Credentials.
func (c Credential) Retrieve(context.Context) (Credential, error) { return c, nil }
