package credentials

import "github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"

// keyParts are a key pair of arguments and environment, perhaps not whole.
type keyParts struct{ id, key, token sourcedValue }

// readKeys picks each part independently. tccli's name for the token counts only beside a key pair
// from the environment: there they are one set, as tccli writes it, while a lone token of another
// tool must not spoil a pair from elsewhere.
func (r *resolver) readKeys() keyParts {
	s := r.settings
	k := keyParts{
		id:    pickValue(s.SecretID, "secret_id", EnvSecretID, r.env),
		key:   pickValue(s.SecretKey, "secret_key", EnvSecretKey, r.env),
		token: pickValue(s.SecurityToken, "security_token", EnvSecurityToken, r.env),
	}
	fromEnvironment := s.SecretID == "" && s.SecretKey == "" && k.id.value != "" && k.key.value != ""
	if k.token.value == "" && fromEnvironment {
		k.token = pickValue("", "", EnvToken, r.env)
	}
	return k
}

// isEmpty: then, and only then, the profile file is read.
func (k keyParts) isEmpty() bool { return k.id.value == "" && k.key.value == "" && k.token.value == "" }

// checkComplete is an *ArgumentError when a part is missing.
func (k keyParts) checkComplete() error {
	have, name := k.id, "secret_id"
	if have.value == "" {
		have, name = k.key, "secret_key"
	}
	if have.value == "" {
		have, name = k.token, "security_token"
	}
	partial := &ArgumentError{Problem: PartialKeyPair, Have: name, From: have.from}
	switch {
	case k.id.value == "":
		partial.Argument, partial.Variable = "secret_id", EnvSecretID
	case k.key.value == "":
		partial.Argument, partial.Variable = "secret_key", EnvSecretKey
	default:
		return nil
	}
	return partial
}

func (k keyParts) toStatic() Static {
	var from []Origin
	for _, part := range []sourcedValue{k.id, k.key, k.token} {
		if part.value != "" {
			from = append(from, part.from)
		}
	}
	return Static{cloudapi.Credential{SecretID: k.id.value, SecretKey: k.key.value, Token: k.token.value}, from}
}
