package credentials

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	stsService = "sts"
	stsVersion = "2018-08-13"
)

// The actions of STS. They change nothing, so each may be sent twice. Those that begin with a proof
// from an identity provider take no signature.
var (
	assumeRole                = cloudapi.Action{Name: "AssumeRole", Repeatable: true}
	assumeRoleWithSAML        = cloudapi.Action{Name: "AssumeRoleWithSAML", Repeatable: true, Unsigned: true}
	assumeRoleWithWebIdentity = cloudapi.Action{Name: "AssumeRoleWithWebIdentity", Repeatable: true, Unsigned: true}
	getCallerIdentity         = cloudapi.Action{Name: "GetCallerIdentity", Repeatable: true}
)

func (s Services) newSTSClient(with cloudapi.Credentials, region string) (*cloudapi.Client, error) {
	config := s.STS
	config.Service, config.Version, config.Credentials = stsService, stsVersion, with
	config.Region = cmp.Or(region, config.Region)
	return cloudapi.New(config)
}

// newRoleFetcher returns the fetch function for a role.
func (s Services) newRoleFetcher(link Link, with cloudapi.Credentials) (fetchFunc, error) {
	if with == nil {
		with = noCredentials{}
	}
	region := ""
	if pod, ok := link.(WebIdentity); ok {
		region = pod.Region
	}
	client, err := s.newSTSClient(with, region)
	if err != nil {
		return nil, err
	}
	switch link := link.(type) {
	case AssumeRole:
		return func(ctx context.Context) (temporaryCredential, error) {
			return requestSession(ctx, client, assumeRole, link.toRequest())
		}, nil
	case SAML:
		return func(ctx context.Context) (temporaryCredential, error) {
			return requestSession(ctx, client, assumeRoleWithSAML, link.toRequest())
		}, nil
	case WebIdentity:
		return func(ctx context.Context) (temporaryCredential, error) {
			token, err := link.readToken(s.ReadFile)
			if err != nil {
				return temporaryCredential{}, err
			}
			return requestSession(ctx, client, assumeRoleWithWebIdentity, link.toRequest(token))
		}, nil
	}
	return nil, fmt.Errorf("a link of type %T", link)
}

// noCredentials stands before a role that there is nothing to assume with; Resolve reports that as
// a fault.
type noCredentials struct{}

func (noCredentials) Retrieve(context.Context) (cloudapi.Credential, error) {
	return cloudapi.Credential{}, errors.New("there is no credential to assume the role with")
}

// roleRequest is what the requests for roles have in common.
type roleRequest struct {
	RoleARN         string `json:"RoleArn"`
	RoleSessionName string
	DurationSeconds int64
}

func (r Role) toRequest() roleRequest { return roleRequest{r.ARN, r.SessionName, r.Duration} }

// toRequest escapes the policy, as the API wants it.
func (a AssumeRole) toRequest() any {
	return struct {
		roleRequest
		Policy         string `json:",omitempty"`
		ExternalID     string `json:"ExternalId,omitempty"`
		Tags           []Tag  `json:",omitempty"`
		SourceIdentity string `json:",omitempty"`
		SerialNumber   string `json:",omitempty"`
		TokenCode      string `json:",omitempty"`
	}{
		a.Role.toRequest(), url.QueryEscape(a.Policy), a.ExternalID, a.Tags, a.SourceIdentity, a.SerialNumber,
		a.TokenCode,
	}
}

func (s SAML) toRequest() any {
	return struct {
		roleRequest
		SAMLAssertion string
		PrincipalARN  string `json:"PrincipalArn"`
	}{s.Role.toRequest(), s.Assertion, s.PrincipalARN}
}

func (w WebIdentity) toRequest(token string) any {
	return webIdentityRequest{w.Role.toRequest(), w.ProviderID, token}
}

type webIdentityRequest struct {
	roleRequest
	ProviderID       string `json:"ProviderId"`
	WebIdentityToken string
}

// Secrets of a request whose token may be new, where a file holds it.
func (w webIdentityRequest) Secrets() []string { return []string{w.WebIdentityToken} }

// readToken reads a file in either of its two forms: the token as it is, as TKE and most issuers
// write it, or a JSON object with the field web_identity_token, which is what the official provider
// takes.
func (w WebIdentity) readToken(readFile func(string) ([]byte, error)) (string, error) {
	if w.TokenFile == "" {
		return w.Token, nil
	}
	content, err := readFile(w.TokenFile)
	if err != nil {
		return "", fmt.Errorf("the file with the web identity's token cannot be read: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if strings.HasPrefix(token, "{") {
		var file struct {
			Token string `json:"web_identity_token"`
		}
		if json.Unmarshal(content, &file) != nil {
			return "", fmt.Errorf("%s is neither a token nor a JSON object with web_identity_token", w.TokenFile)
		}
		token = file.Token
	}
	if token == "" {
		return "", fmt.Errorf("%s holds no web identity token", w.TokenFile)
	}
	return token, nil
}

// sessionAnswer is the answer of every action that assumes a role.
type sessionAnswer struct {
	Credentials struct {
		Token        string
		TmpSecretID  string `json:"TmpSecretId"`
		TmpSecretKey string
	}
	ExpiredTime int64 // Unix seconds
}

// Secrets are what the session is signed with.
func (a sessionAnswer) Secrets() []string {
	return []string{a.Credentials.TmpSecretKey, a.Credentials.Token}
}

// requestSession makes the call for a session.
func requestSession(
	ctx context.Context, client *cloudapi.Client, action cloudapi.Action, request any,
) (temporaryCredential, error) {
	out, err := cloudapi.Call[sessionAnswer](ctx, client, action, request)
	if err != nil {
		return temporaryCredential{}, err
	}
	got := out.Credentials
	if got.TmpSecretID == "" || got.TmpSecretKey == "" || got.Token == "" || out.ExpiredTime == 0 {
		return temporaryCredential{}, errors.New("the answer of " + action.Name + " holds no whole credential")
	}
	return temporaryCredential{
		Credential: cloudapi.Credential{SecretID: got.TmpSecretID, SecretKey: got.TmpSecretKey, Token: got.Token},
		expires:    time.Unix(out.ExpiredTime, 0),
	}, nil
}
