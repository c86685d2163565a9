package ststest

import (
	"fmt"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

// grantSession makes a session.
func (s *Server) grantSession(c *apitest.Call) any {
	seconds, there := c.Integer("DurationSeconds")
	if !there {
		seconds = 7200
	}
	arn, _ := s.resolveARN(c.Text("RoleArn"))
	credential := s.IssueSession(arn, c.Text("RoleSessionName"), time.Duration(seconds)*time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.granted = append(
		s.granted,
		SessionRequest{
			Action:         c.Action,
			RoleARN:        c.Text("RoleArn"),
			SessionName:    c.Text("RoleSessionName"),
			Policy:         c.Text("Policy"),
			SourceIdentity: c.Text("SourceIdentity"),
			ProviderID:     c.Text("ProviderId"),
			Tags:           formatTags(c.Objects("Tags")),
			Duration:       seconds,
		},
	)
	return map[string]any{
		"Credentials": map[string]string{
			"TmpSecretId":  credential.SecretID,
			"TmpSecretKey": credential.SecretKey,
			"Token":        credential.Token,
		},
		"ExpiredTime": credential.Expires.Unix(),
		"Expiration":  credential.Expires.UTC().Format(time.RFC3339),
	}
}

// IssueSession issues a session for a role without an API call, as the metadata service does.
func (s *Server) IssueSession(arn, name string, lifetime time.Duration) apitest.Credential {
	now := time.Now()
	if s.opts.Clock != nil {
		now = s.opts.Clock()
	}
	if s.opts.Lifetime > 0 {
		lifetime = s.opts.Lifetime
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	number := len(s.sessions) + 1
	// Times on the wire are whole seconds, so the end is one too.
	credential := apitest.Credential{
		SecretID: fmt.Sprintf("AKIDsession%04d", number), SecretKey: fmt.Sprintf("CANARY-session-key-%04d", number),
		Token: fmt.Sprintf("CANARY-session-token-%04d", number), Expires: now.Add(lifetime).Truncate(time.Second),
	}
	role, _ := parseARN(arn)
	s.sessions[credential.SecretID] = session{Credential: credential, account: role.account, arn: arn, name: name}
	return credential
}
