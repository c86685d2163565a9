// Package ststest is a stand-in for Tencent Cloud's STS (service sts, version 2018-08-13) and for
// the metadata service of a CVM: roles, who may assume them, and sessions that expire. It is
// written from the published API pages (https://www.tencentcloud.com/document/product/1150), never
// from the client that is tested with it.
package ststest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// The names of the actions.
const (
	AssumeRole                = "AssumeRole"
	AssumeRoleWithSAML        = "AssumeRoleWithSAML"
	AssumeRoleWithWebIdentity = "AssumeRoleWithWebIdentity"
	GetCallerIdentity         = "GetCallerIdentity"
)

const maxDuration = 43_200 // seconds

var (
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,128}$`)
	externalID  = regexp.MustCompile(`^[\w+=,.@:/-]{2,128}$`)
)

// Options are what the service knows.
type Options struct {
	// Keys are the long-term key pairs (and temporary ones from elsewhere), by the account (UIN)
	// that they belong to.
	Keys map[string][]apitest.Credential
	// Roles by their ARN: the form with the role's name.
	Roles map[string]Role
	// Lifetime cuts sessions short, whatever they were asked for. Default: as asked for.
	Lifetime time.Duration
	// Clock is the service's time. Default: time.Now.
	Clock func() time.Time
}

// Role defines who may assume a role, and by which proof. An empty field allows no caller.
type Role struct {
	ID string // by which its other ARN names it; none if empty
	// Principals are accounts (UIN) and ARNs of roles that may assume it.
	Principals []string
	ExternalID string // required if set
	MFACode    string // required if set, and valid once

	SAMLProvider  string // ARN of the identity provider
	SAMLAssertion string // before Base64

	OIDCProvider string   // name of the identity provider
	OIDCTokens   []string // those that its issuer has issued and that are still valid
}

// Server is the service. It is an [net/http.Handler] by its embedded Service.
type Server struct {
	apitest.Service
	opts Options

	mu        sync.Mutex
	sessions  map[string]session // by secret id
	usedCodes map[string]bool    // MFA codes
	granted   []SessionRequest
}

// session is a credential that was issued.
type session struct {
	apitest.Credential
	account string
	arn     string // of the role; empty for a key pair of an account
	name    string
}

// SessionRequest is what a request for a session said. Tags are in their order, as "key=value, …".
type SessionRequest struct {
	Action, RoleARN, SessionName, Policy, SourceIdentity, ProviderID, Tags string
	Duration                                                               int64
}

// New makes a server that does not listen; see [apitest.Start].
func New(opts Options) *Server {
	s := &Server{opts: opts, sessions: map[string]session{}, usedCodes: map[string]bool{}}
	role := []string{"RoleArn!", "RoleSessionName!"}
	duration := []string{"DurationSeconds"}
	s.Service = apitest.Service{
		Name: "sts", Version: "2018-08-13", Clock: opts.Clock, Lookup: s.Lookup,
		Actions: map[string]apitest.Action{
			AssumeRole: {
				Strings: append(
					slices.Clone(role), "Policy", "ExternalId", "SourceIdentity", "SerialNumber", "TokenCode",
				),
				Integers: duration,
				Objects:  map[string][]string{"Tags": {"Key!", "Value!"}},
				Run:      s.assumeRole,
			},
			AssumeRoleWithSAML: {Unsigned: true, Strings: append(slices.Clone(role), "SAMLAssertion!", "PrincipalArn!"),
				Integers: duration, Run: s.assumeRoleWithSAML},
			AssumeRoleWithWebIdentity: {
				Unsigned: true,
				Strings:  append(slices.Clone(role), "ProviderId!", "WebIdentityToken!"),
				Integers: duration,
				Run:      s.assumeRoleWithWebIdentity,
			},
			GetCallerIdentity: {Run: s.getCallerIdentity},
		},
	}
	return s
}

// Lookup returns a credential by its secret id: a key pair, or a session that was issued, with its
// end.
func (s *Server) Lookup(secretID string) (apitest.Credential, bool) {
	found, ok := s.findCredential(secretID)
	return found.Credential, ok
}

// Granted are the requests for sessions that were granted.
func (s *Server) Granted() []SessionRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.granted)
}

// RoleOf returns the ARN of the role that a secret id was issued for, empty for a key pair.
func (s *Server) RoleOf(secretID string) string {
	found, _ := s.findCredential(secretID)
	return found.arn
}

func (s *Server) findCredential(secretID string) (session, bool) {
	for account, keys := range s.opts.Keys {
		for _, key := range keys {
			if key.SecretID == secretID {
				return session{Credential: key, account: account}, true
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions[secretID]
	return found, ok
}

func (s *Server) assumeRole(c *apitest.Call) (any, *apitest.Refusal) {
	role, refusal := s.findRole(c)
	if refusal != nil {
		return nil, refusal
	}
	caller, _ := s.findCredential(c.SecretID)
	isTrusted := slices.Contains(role.Principals, caller.account) || slices.Contains(role.Principals, caller.arn)
	if !isTrusted || role.ExternalID != c.Text("ExternalId") {
		return nil, &apitest.Refusal{
			Code: "UnauthorizedOperation",
			EN:   "The caller is not authorized to assume the role.",
		}
	}
	if refusal := checkTags(c.Objects("Tags")); refusal != nil {
		return nil, refusal
	}
	if policy := c.Text("Policy"); policy != "" {
		text, err := url.QueryUnescape(policy)
		if err != nil || text == policy || !json.Valid([]byte(text)) {
			return nil, &apitest.Refusal{
				Code: "InvalidParameter.StrategyFormatError",
				EN:   "The policy is not URL-encoded JSON.",
			}
		}
	}
	if refusal := s.checkMFA(role, c); refusal != nil {
		return nil, refusal
	}
	return s.grantSession(c), nil
}

func (s *Server) checkMFA(role Role, c *apitest.Call) *apitest.Refusal {
	code := c.Text("TokenCode")
	s.mu.Lock()
	defer s.mu.Unlock()
	if role.MFACode != "" && (code != role.MFACode || c.Text("SerialNumber") == "" || s.usedCodes[code]) {
		return &apitest.Refusal{Code: "AuthFailure.MFAFailure", EN: "The MFA code is not valid, or was used before."}
	}
	s.usedCodes[code] = true
	return nil
}

func (s *Server) assumeRoleWithSAML(c *apitest.Call) (any, *apitest.Refusal) {
	role, refusal := s.findRole(c)
	if refusal != nil {
		return nil, refusal
	}
	assertion, err := base64.StdEncoding.DecodeString(c.Text("SAMLAssertion"))
	isValid := err == nil && role.SAMLAssertion != "" && string(assertion) == role.SAMLAssertion
	if !isValid || c.Text("PrincipalArn") != role.SAMLProvider {
		return nil, &apitest.Refusal{Code: "InvalidParameter.ParamError", EN: "The SAML assertion is not valid."}
	}
	return s.grantSession(c), nil
}

func (s *Server) assumeRoleWithWebIdentity(c *apitest.Call) (any, *apitest.Refusal) {
	role, refusal := s.findRole(c)
	if refusal != nil {
		return nil, refusal
	}
	if role.OIDCProvider != c.Text("ProviderId") || !slices.Contains(role.OIDCTokens, c.Text("WebIdentityToken")) {
		return nil, &apitest.Refusal{
			Code: "InvalidParameter.WebIdentityTokenError",
			EN:   "The web identity token is not valid.",
		}
	}
	return s.grantSession(c), nil
}

// findRole finds the role of a request, and holds what all such requests have in common.
func (s *Server) findRole(c *apitest.Call) (Role, *apitest.Refusal) {
	if !sessionName.MatchString(c.Text("RoleSessionName")) {
		return Role{}, apitest.Invalid("RoleSessionName")
	}
	if seconds, there := c.Integer("DurationSeconds"); there && (seconds <= 0 || seconds > maxDuration) {
		return Role{}, apitest.Invalid("DurationSeconds")
	}
	if id := c.Text("ExternalId"); id != "" && !externalID.MatchString(id) {
		return Role{}, apitest.Invalid("ExternalId")
	}
	arn, known := s.resolveARN(c.Text("RoleArn"))
	if !known {
		return Role{}, &apitest.Refusal{Code: "ResourceNotFound.RoleNotFound", EN: "The role does not exist."}
	}
	return s.opts.Roles[arn], nil
}

func (s *Server) getCallerIdentity(c *apitest.Call) (any, *apitest.Refusal) {
	who, _ := s.findCredential(c.SecretID)
	identity := map[string]string{
		"AccountId": who.account, "PrincipalId": who.account, "UserId": who.account,
		"Arn": "qcs::cam:" + who.account + ":uin/" + who.account, "Type": "CAMUser",
	}
	if who.arn != "" {
		id := cmp.Or(s.opts.Roles[who.arn].ID, "4611686018427397919")
		identity["Arn"] = "qcs::sts:" + who.account + ":assumed-role/" + id
		identity["UserId"], identity["Type"] = id+":"+who.name, "CAMRole"
	}
	return identity, nil
}
