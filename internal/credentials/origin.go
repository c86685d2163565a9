package credentials

import "strings"

// Origin is where a value is from. It never holds the value.
type Origin struct {
	Kind OriginKind
	Name string // of the argument, the block or the variable; the path of the profile file
}

// OriginKind says what an Origin's name is the name of.
type OriginKind string

// The kinds of origins.
const (
	FromArgument OriginKind = "argument"
	FromBlock    OriginKind = "block"
	FromVariable OriginKind = "variable"
	FromProfile  OriginKind = "profile"
)

func (o Origin) String() string { return string(o.Kind) + " " + o.Name }

// Source is what a link of the chain is and where it is from, without any secret. It is a key pair
// if it names no role.
type Source struct {
	CVMRole string   // name of the machine's role
	RoleARN string   // of a role that STS assumes
	From    []Origin // one, or for a key pair one of each part
}

// String is for logs.
func (s Source) String() string {
	from := make([]string, 0, len(s.From))
	for _, origin := range s.From {
		from = append(from, origin.String())
	}
	return strings.TrimSpace(s.CVMRole+s.RoleARN) + " (" + strings.Join(from, ", ") + ")"
}

// ProfileFile is a profile's file of keys that was searched, and has no key pair.
type ProfileFile struct {
	Path    string
	Missing bool // there is no such file
}
