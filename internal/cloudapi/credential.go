package cloudapi

import "context"

// Credential is what a request is signed with. Token is empty for a long-term key pair.
type Credential struct {
	SecretID, SecretKey, Token string
}

// Credentials gives the credential that is good at this moment. One that expires is renewed in time
// by whoever gives it.
type Credentials interface {
	Retrieve(ctx context.Context) (Credential, error)
}

// Retrieve makes a credential that never changes the Credentials of a client.
func (c Credential) Retrieve(context.Context) (Credential, error) { return c, nil }
