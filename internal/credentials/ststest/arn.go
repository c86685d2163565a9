package ststest

import "regexp"

// roleARN is the ARN of a role in one of its four forms, which the models of the official client
// list: by name or by number, of an account's own role or of a role of a service.
type roleARN struct {
	account   string
	ofService bool
	name, id  string // one of the two
}

var arnForms = regexp.MustCompile(
	`^qcs::cam::uin/([0-9]+):(?:roleName/([\w+=,.@-]{1,128})|role/([0-9]+)` +
		`|role/tencentcloudServiceRoleName/([\w+=,.@-]{1,128})|role/tencentcloudServiceRole/([0-9]+))$`,
)

func parseARN(text string) (arn roleARN, valid bool) {
	match := arnForms.FindStringSubmatch(text)
	if match == nil {
		return roleARN{}, false
	}
	return roleARN{
		account: match[1], name: match[2] + match[4], id: match[3] + match[5],
		ofService: match[4]+match[5] != "",
	}, true
}

// resolveARN returns the ARN that Options name a role by, from either of the two that it has.
func (s *Server) resolveARN(text string) (arn string, known bool) {
	wanted, valid := parseARN(text)
	if !valid {
		return "", false
	}
	if _, named := s.opts.Roles[text]; named && wanted.name != "" {
		return text, true
	}
	for arn, role := range s.opts.Roles {
		found, _ := parseARN(arn)
		isSameOwner := wanted.account == found.account && wanted.ofService == found.ofService
		if wanted.id != "" && wanted.id == role.ID && isSameOwner {
			return arn, true
		}
	}
	return "", false
}
