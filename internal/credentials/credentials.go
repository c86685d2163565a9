// Package credentials turns the provider's arguments and the environment into one credential for the cloud.
//
// The arguments, variables and their precedence are those of the official provider (tencentcloudstack/tencentcloud), so that
// what works there works here unchanged. Resolve is pure: it reads nothing but its arguments and makes no request.
package credentials

import (
	"fmt"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
)

// What applies when neither the configuration nor the environment says otherwise.
const (
	DefaultRegion   = "ap-guangzhou"
	DefaultProtocol = "HTTPS"
	DefaultDomain   = "tencentcloudapi.com"
)

// The environment variables of the official provider.
const (
	EnvSecretID      = "TENCENTCLOUD_SECRET_ID"
	EnvSecretKey     = "TENCENTCLOUD_SECRET_KEY"
	EnvSecurityToken = "TENCENTCLOUD_SECURITY_TOKEN"
	EnvRegion        = "TENCENTCLOUD_REGION"
	EnvProtocol      = "TENCENTCLOUD_PROTOCOL"
	EnvDomain        = "TENCENTCLOUD_DOMAIN"
)

// Settings are the cloud arguments as the configuration gives them; an empty string is an argument that was left out.
type Settings struct {
	SecretID, SecretKey, SecurityToken string
	Region, Protocol, Domain           string
}

// Resolved is what configuration and environment come to.
type Resolved struct {
	Credential common.CredentialIface // nil when none was found
	Source     string                 // where the credential was found, for error texts; never its value
	Looked     []string               // every place that was looked at, in order
	Region     string
	Protocol   string
	Domain     string
}

// PartialError says that half of a static credential is missing.
type PartialError struct {
	Have, Lacks       string // arguments
	HaveFrom, LackEnv string
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("%s is set by %s, but %s is not: set the argument %s or the environment variable %s",
		e.Have, e.HaveFrom, e.Lacks, e.Lacks, e.LackEnv)
}

// Resolve applies the precedence: an argument beats its environment variable, which beats the default.
// The error is a *PartialError.
func Resolve(settings Settings, getenv func(string) string) (Resolved, error) {
	id := pick(settings.SecretID, "secret_id", EnvSecretID, getenv)
	key := pick(settings.SecretKey, "secret_key", EnvSecretKey, getenv)
	token := pick(settings.SecurityToken, "security_token", EnvSecurityToken, getenv)
	resolved := Resolved{
		Looked: []string{
			"the provider arguments secret_id and secret_key",
			"the environment variables " + EnvSecretID + " and " + EnvSecretKey,
		},
		Region:   first(settings.Region, getenv(EnvRegion), DefaultRegion),
		Protocol: strings.ToUpper(first(settings.Protocol, getenv(EnvProtocol), DefaultProtocol)),
		Domain:   first(settings.Domain, getenv(EnvDomain), DefaultDomain),
	}
	switch {
	case id.value == "" && key.value == "":
		return resolved, nil
	case id.value == "":
		return resolved, &PartialError{Have: "secret_key", HaveFrom: key.from, Lacks: "secret_id", LackEnv: EnvSecretID}
	case key.value == "":
		return resolved, &PartialError{Have: "secret_id", HaveFrom: id.from, Lacks: "secret_key", LackEnv: EnvSecretKey}
	}
	resolved.Credential = common.NewTokenCredential(id.value, key.value, token.value)
	resolved.Source = describe(id, key, token)
	return resolved, nil
}

type found struct{ value, from string }

func pick(argument, name, variable string, getenv func(string) string) found {
	if argument != "" {
		return found{argument, "the provider argument " + name}
	}
	return found{getenv(variable), "the environment variable " + variable}
}

func describe(parts ...found) string {
	var from []string
	for _, part := range parts {
		if part.value != "" {
			from = append(from, part.from)
		}
	}
	return strings.Join(from, ", ")
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
