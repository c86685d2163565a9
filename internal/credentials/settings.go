package credentials

import (
	"regexp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// What applies when neither the configuration nor the environment says otherwise.
const (
	DefaultRegion          = "ap-guangzhou"
	DefaultProtocol        = "HTTPS"
	DefaultDomain          = "tencentcloudapi.com"
	DefaultProfile         = "default"
	DefaultDir             = "~/.tccli"
	DefaultSessionDuration = 7200   // seconds
	MaxSessionDuration     = 43_200 // seconds
	DefaultProviderID      = "OIDC"
)

// The environment variables of the official provider.
const (
	EnvSecretID             = "TENCENTCLOUD_SECRET_ID"
	EnvSecretKey            = "TENCENTCLOUD_SECRET_KEY"
	EnvSecurityToken        = "TENCENTCLOUD_SECURITY_TOKEN"
	EnvToken                = "TENCENTCLOUD_TOKEN" // what tccli calls it
	EnvRegion               = "TENCENTCLOUD_REGION"
	EnvProtocol             = "TENCENTCLOUD_PROTOCOL"
	EnvDomain               = "TENCENTCLOUD_DOMAIN"
	EnvSharedCredentialsDir = "TENCENTCLOUD_SHARED_CREDENTIALS_DIR"
	EnvProfile              = "TENCENTCLOUD_PROFILE"
	EnvCAMRoleName          = "TENCENTCLOUD_CAM_ROLE_NAME"

	EnvRoleARN              = "TENCENTCLOUD_ASSUME_ROLE_ARN"
	EnvSessionName          = "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"
	EnvSessionDuration      = "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION"
	EnvExternalID           = "TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID"
	EnvSourceIdentity       = "TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY"
	EnvSerialNumber         = "TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER"
	EnvTokenCode            = "TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE"
	EnvSAMLAssertion        = "TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION"
	EnvPrincipalARN         = "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN"
	EnvProviderID           = "TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID"
	EnvWebIdentityToken     = "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"
	EnvWebIdentityTokenFile = "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE"
)

// The environment variables that TKE's webhook sets in a Pod whose service account has a role.
const (
	EnvPodRegion     = "TKE_REGION"
	EnvPodProviderID = "TKE_PROVIDER_ID"
	EnvPodTokenFile  = "TKE_WEB_IDENTITY_TOKEN_FILE"
	EnvPodRoleARN    = "TKE_ROLE_ARN"
)

// Settings are the cloud arguments of the configuration; an empty one was omitted.
type Settings struct {
	SecretID, SecretKey, SecurityToken string
	Region, Protocol, Domain           string
	SharedCredentialsDir, Profile      string
	CAMRoleName                        string
	EnablePodOIDC                      bool

	AssumeRole  *AssumeRole
	SAML        *SAML
	WebIdentity *WebIdentity

	AllowedAccounts, ForbiddenAccounts []string // UINs
}

// Secrets are all those of the arguments and the environment, those included that no link of the
// chain uses.
func (s Settings) Secrets(getenv func(name string) string) []string {
	secrets := []string{s.SecretKey, s.SecurityToken}
	for _, name := range []string{
		EnvSecretKey, EnvSecurityToken, EnvToken, EnvTokenCode, EnvSAMLAssertion, EnvWebIdentityToken,
	} {
		secrets = append(secrets, getenv(name))
	}
	if s.AssumeRole != nil {
		secrets = append(secrets, s.AssumeRole.secrets()...)
	}
	if s.SAML != nil {
		secrets = append(secrets, s.SAML.secrets()...)
	}
	if s.WebIdentity != nil {
		secrets = append(secrets, s.WebIdentity.secrets()...)
	}
	return secrets
}

// World is what Resolve reads beside the settings.
type World struct {
	Getenv   func(name string) string
	ReadFile func(path string) ([]byte, error)
}

// Link is one step on the way to a credential: Static, CVMRole, AssumeRole, SAML or WebIdentity.
type Link interface {
	// Source says what the link is and where it is from, without any secret.
	Source() Source
	secrets() []string
}

// Static is a key pair, and a token if it is a temporary one.
type Static struct {
	cloudapi.Credential
	From []Origin // of each part
}

// CVMRole is the role of the CVM that the process runs on, from its metadata service.
type CVMRole struct {
	Name string
	From Origin
}

// Role is what every kind of assuming a role has.
type Role struct {
	ARN         string
	SessionName string
	Duration    int64 // seconds
	From        Origin
}

// AssumeRole is a role that is assumed with the credential of the link before (STS AssumeRole).
type AssumeRole struct {
	Role
	Policy, ExternalID, SourceIdentity string
	Tags                               []Tag
	// of an MFA device; a code serves once, so such a session cannot be renewed
	SerialNumber, TokenCode string
}

// Tag is a session tag, which conditions of policies can name. STS takes 50 of different keys, keys
// of up to 128 characters, and values of up to 256.
type Tag struct{ Key, Value string }

// RoleARN is what all four forms of a role's ARN have in common: by name or id, of an account's own
// role or of a role of a service.
var RoleARN = regexp.MustCompile(`^qcs::cam::uin/[0-9]+:role(Name)?/.+$`)

// The forms that STS's models give of a session's name and of an external id.
var (
	SessionName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{2,128}$`)
	ExternalID  = regexp.MustCompile(`^[A-Za-z0-9_+=,.@:/-]{2,128}$`)
)

// Limits of session tags.
const (
	MaxTags     = 50
	MaxTagKey   = 128
	MaxTagValue = 256
)

// SAML is a role that is assumed with an assertion of an identity provider (STS
// AssumeRoleWithSAML).
type SAML struct {
	Role
	Assertion    string // Base64
	PrincipalARN string
}

// WebIdentity is a role that is assumed with a token of an OIDC provider (STS
// AssumeRoleWithWebIdentity). A file is read each time, since its writer renews it.
type WebIdentity struct {
	Role
	ProviderID       string
	Token, TokenFile string
	Region           string // of the call to STS; empty for the provider's
}

func (s Static) secrets() []string      { return []string{s.SecretKey, s.Token} }
func (CVMRole) secrets() []string       { return nil }
func (a AssumeRole) secrets() []string  { return []string{a.TokenCode} }
func (s SAML) secrets() []string        { return []string{s.Assertion} }
func (w WebIdentity) secrets() []string { return []string{w.Token} }

// Source returns the origins of the key pair.
func (s Static) Source() Source { return Source{From: s.From} }

// Source names the machine's role.
func (c CVMRole) Source() Source { return Source{CVMRole: c.Name, From: []Origin{c.From}} }

// Source names the assumed role.
func (r Role) Source() Source { return Source{RoleARN: r.ARN, From: []Origin{r.From}} }
