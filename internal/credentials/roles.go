package credentials

import (
	"cmp"
	"strconv"
)

// podSessionName is how a Pod's session shows in the audit log (CloudAudit).
const podSessionName = "terraform-provider-tkeimage"

// addEnvironmentRole is the role that the environment alone asks for. It is none of its own when a
// block takes it over.
func (r *resolver) addEnvironmentRole() error {
	arn := r.env(EnvRoleARN)
	if arn == "" || r.hasBlockFor(arn) {
		return nil
	}
	role := Role{ARN: arn, SessionName: r.env(EnvSessionName), From: Origin{FromVariable, EnvRoleARN}}
	if role.SessionName == "" {
		if r.hasRoleBlock() {
			return nil // the variable is there for the blocks
		}
		return &ArgumentError{
			Problem: MissingSessionName, Block: "assume_role", Argument: "session_name", Variable: EnvSessionName,
		}
	}
	var err error
	if role.Duration, err = r.sessionDuration("assume_role", 0); err != nil {
		return err
	}
	saml := r.env(EnvSAMLAssertion) != "" || r.env(EnvPrincipalARN) != ""
	web := r.env(EnvWebIdentityToken) != "" || r.env(EnvWebIdentityTokenFile) != ""
	switch {
	case saml && web:
		return &ArgumentError{Problem: SessionsInVariables, Block: "assume_role_with_saml"}
	case saml:
		return r.addSAML(SAML{Role: role})
	case web:
		return r.addWebIdentity(WebIdentity{Role: role})
	}
	r.appendLink(r.completeAssumeRole(AssumeRole{Role: role}))
	return nil
}

// hasBlockFor: the same role from a block. Assuming it twice over would need a role that may assume
// itself.
func (r *resolver) hasBlockFor(arn string) bool {
	s := r.settings
	return s.AssumeRole != nil && cmp.Or(s.AssumeRole.ARN, arn) == arn ||
		s.SAML != nil && cmp.Or(s.SAML.ARN, arn) == arn ||
		s.WebIdentity != nil && cmp.Or(s.WebIdentity.ARN, arn) == arn
}

func (r *resolver) hasRoleBlock() bool {
	return r.settings.AssumeRole != nil || r.settings.SAML != nil || r.settings.WebIdentity != nil
}

func (r *resolver) addAssumeRoleBlock() error {
	if r.settings.AssumeRole == nil {
		return nil
	}
	link := *r.settings.AssumeRole
	if err := r.completeRole("assume_role", &link.Role); err != nil {
		return err
	}
	r.appendLink(r.completeAssumeRole(link))
	return nil
}

func (r *resolver) completeAssumeRole(link AssumeRole) AssumeRole {
	link.ExternalID = cmp.Or(link.ExternalID, r.env(EnvExternalID))
	link.SourceIdentity = cmp.Or(link.SourceIdentity, r.env(EnvSourceIdentity))
	link.SerialNumber = cmp.Or(link.SerialNumber, r.env(EnvSerialNumber))
	link.TokenCode = cmp.Or(link.TokenCode, r.env(EnvTokenCode))
	return link
}

func (r *resolver) addSAMLBlock() error {
	if r.settings.SAML == nil {
		return nil
	}
	if r.settings.WebIdentity != nil {
		return &ArgumentError{Problem: SessionsInBlocks, Block: "assume_role_with_saml"}
	}
	link := *r.settings.SAML
	if err := r.completeRole("assume_role_with_saml", &link.Role); err != nil {
		return err
	}
	return r.addSAML(link)
}

func (r *resolver) addSAML(link SAML) error {
	link.Assertion = cmp.Or(link.Assertion, r.env(EnvSAMLAssertion))
	link.PrincipalARN = cmp.Or(link.PrincipalARN, r.env(EnvPrincipalARN))
	switch {
	case link.Assertion == "":
		return newMissingArgumentError("assume_role_with_saml", "saml_assertion", EnvSAMLAssertion)
	case link.PrincipalARN == "":
		return newMissingArgumentError("assume_role_with_saml", "principal_arn", EnvPrincipalARN)
	}
	r.restartChain(link)
	return nil
}

func (r *resolver) addWebIdentityBlock() error {
	if r.settings.WebIdentity == nil {
		return nil
	}
	link := *r.settings.WebIdentity
	if err := r.completeRole("assume_role_with_web_identity", &link.Role); err != nil {
		return err
	}
	return r.addWebIdentity(link)
}

// addWebIdentity: a token itself beats a file with one, wherever each is from.
func (r *resolver) addWebIdentity(link WebIdentity) error {
	link.ProviderID = cmp.Or(link.ProviderID, r.env(EnvProviderID), DefaultProviderID)
	link.Token = cmp.Or(link.Token, r.env(EnvWebIdentityToken))
	link.TokenFile = r.expandHome(cmp.Or(link.TokenFile, r.env(EnvWebIdentityTokenFile)))
	if link.Token != "" {
		link.TokenFile = ""
	}
	if link.Token == "" && link.TokenFile == "" {
		return newMissingArgumentError("assume_role_with_web_identity", "web_identity_token", EnvWebIdentityToken)
	}
	r.restartChain(link)
	return nil
}

// addPodOIDC takes what TKE's webhook put into the Pod. Elsewhere there is none of it, which
// matters to what needs the cloud only.
func (r *resolver) addPodOIDC() error {
	if !r.settings.EnablePodOIDC {
		return nil
	}
	link := WebIdentity{
		Role: Role{
			ARN:         r.env(EnvPodRoleARN),
			SessionName: podSessionName,
			Duration:    DefaultSessionDuration,
			From:        Origin{FromArgument, "enable_pod_oidc"},
		},
		ProviderID: r.env(EnvPodProviderID),
		TokenFile:  r.env(EnvPodTokenFile),
		Region:     r.env(EnvPodRegion),
	}
	r.restartChain(link)
	var lacks []string
	for _, name := range []string{EnvPodRegion, EnvPodProviderID, EnvPodTokenFile, EnvPodRoleARN} {
		if r.env(name) == "" {
			lacks = append(lacks, name)
		}
	}
	if lacks != nil {
		r.out.Fault = &PodError{Lacks: lacks}
	}
	return nil
}

// completeRole fills a block's role in from the environment.
func (r *resolver) completeRole(block string, role *Role) (err error) {
	role.From = Origin{FromBlock, block}
	role.ARN = cmp.Or(role.ARN, r.env(EnvRoleARN))
	role.SessionName = cmp.Or(role.SessionName, r.env(EnvSessionName))
	switch {
	case role.ARN == "":
		return newMissingArgumentError(block, "role_arn", EnvRoleARN)
	case role.SessionName == "":
		return newMissingArgumentError(block, "session_name", EnvSessionName)
	}
	role.Duration, err = r.sessionDuration(block, role.Duration)
	return err
}

// sessionDuration in seconds; 0 is an argument that was left out.
func (r *resolver) sessionDuration(block string, configured int64) (int64, error) {
	text := r.env(EnvSessionDuration)
	if configured != 0 || text == "" {
		return cmp.Or(configured, DefaultSessionDuration), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > MaxSessionDuration {
		return 0, &ArgumentError{
			Problem: InvalidDuration, Block: block, Argument: "session_duration",
			Variable: EnvSessionDuration, Value: text,
		}
	}
	return cmp.Or(seconds, DefaultSessionDuration), nil
}
