package credentials

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

// profile is what tccli's files of one profile hold: `tccli configure` and `tccli auth login` write
// them.
type profile struct {
	file       ProfileFile
	credential *Static
	role       *AssumeRole
	region     string

	fault, regionFault error // each a *ProfileError
}

// credentialFile is <dir>/<profile>.credential. Fields of other types are ignored.
type credentialFile struct {
	SecretID    text `json:"secretId"`
	SecretKey   text `json:"secretKey"`
	Token       text `json:"token"`
	RoleARN     text `json:"role-arn"`
	SessionName text `json:"role-session-name"`
}

// configureFile is <dir>/<profile>.configure.
type configureFile struct {
	System struct {
		Region text `json:"region"`
	} `json:"_sys_param"`
}

// text is a string without the blanks around it, and nothing if the value is of another type.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var value string
	if json.Unmarshal(data, &value) == nil {
		*t = text(strings.TrimSpace(value))
	}
	return nil
}

func (r *resolver) readProfile() profile {
	dir := r.expandHome(cmp.Or(r.settings.SharedCredentialsDir, r.env(EnvSharedCredentialsDir), DefaultDir))
	name := cmp.Or(r.settings.Profile, r.env(EnvProfile), DefaultProfile)
	var (
		p          profile
		credential credentialFile
		configure  configureFile
	)
	file := filepath.Join(dir, name+".credential")
	there, err := r.readJSON(file, &credential)
	p.file = ProfileFile{Path: file, Missing: !there}
	if err != nil {
		p.fault = err
	} else {
		p.applyCredentialFile(file, credential)
	}
	_, p.regionFault = r.readJSON(filepath.Join(dir, name+".configure"), &configure)
	p.region = string(configure.System.Region)
	return p
}

// applyCredentialFile reads what the credential file says. It may hold a role alone, which the
// CVM's role then assumes.
func (p *profile) applyCredentialFile(file string, from credentialFile) {
	switch {
	case from.SecretID != "" && from.SecretKey != "":
		p.credential = &Static{
			Credential: cloudapi.Credential{
				SecretID: string(from.SecretID), SecretKey: string(from.SecretKey), Token: string(from.Token),
			},
			From: []Origin{{FromProfile, file}},
		}
	case from.SecretID != "" || from.SecretKey != "":
		p.fault = &ProfileError{File: file, Problem: "has only one of secretId and secretKey"}
	}
	switch {
	case from.RoleARN == "":
	case from.SessionName == "":
		p.fault = &ProfileError{File: file, Problem: "has role-arn, but no role-session-name"}
	default:
		p.role = &AssumeRole{Role: Role{
			ARN:         string(from.RoleARN),
			SessionName: string(from.SessionName),
			Duration:    DefaultSessionDuration,
			From:        Origin{FromProfile, file},
		}}
	}
}

// readJSON reports whether the file is there. The error, a *ProfileError, never quotes what the
// file holds.
func (r *resolver) readJSON(file string, into any) (there bool, err error) {
	content, err := r.readFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return true, &ProfileError{File: file, Problem: fmt.Sprintf("cannot be read: %v", err)}
	}
	if err := json.Unmarshal(content, into); err != nil {
		return true, &ProfileError{File: file, Problem: "is not a JSON object as tccli writes it"}
	}
	return true, nil
}

// expandHome resolves a leading ~, which shells do and files do not.
func (r *resolver) expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && rest[0] != '/' && rest[0] != filepath.Separator {
		return path
	}
	home := r.env("HOME")
	if runtime.GOOS == "windows" {
		home = r.env("USERPROFILE")
	}
	if home == "" {
		return path
	}
	return filepath.Join(home, rest)
}
