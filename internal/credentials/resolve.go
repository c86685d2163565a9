package credentials

import (
	"cmp"
	"errors"
	"strings"
)

// Resolved is what arguments, environment and files come to.
type Resolved struct {
	Region, Protocol, Domain string

	Chain   []Link      // from the first credential to the last role; empty when none was found
	Profile ProfileFile // zero where arguments or environment have a key, so that no file is read
	Fault   error       // why what was found cannot be used. It matters to what needs the cloud only

	AllowedAccounts, ForbiddenAccounts []string
}

// Sources are the sources of the chain's links, in their order.
func (r Resolved) Sources() []Source {
	sources := make([]Source, 0, len(r.Chain))
	for _, link := range r.Chain {
		sources = append(sources, link.Source())
	}
	return sources
}

// Resolve applies the precedence: an argument beats its environment variable, which beats the
// profile file, which beats the default. It reads files through the world, and makes no request.
// The error is an *ArgumentError.
func Resolve(settings Settings, world World) (Resolved, error) {
	r := resolver{settings: settings, env: world.Getenv, readFile: world.ReadFile}
	return r.resolve()
}

// resolver is one resolution on its way.
type resolver struct {
	settings Settings
	env      func(string) string
	readFile func(string) ([]byte, error)
	profile  profile
	out      Resolved
}

func (r *resolver) resolve() (Resolved, error) {
	keys := r.readKeys()
	if keys.isEmpty() {
		r.profile = r.readProfile()
		r.out.Profile = r.profile.file
	}
	s := r.settings
	r.out.Region = cmp.Or(s.Region, r.env(EnvRegion), r.profile.region, DefaultRegion)
	r.out.Protocol = strings.ToUpper(cmp.Or(s.Protocol, r.env(EnvProtocol), DefaultProtocol))
	r.out.Domain = cmp.Or(s.Domain, r.env(EnvDomain), DefaultDomain)
	r.out.AllowedAccounts, r.out.ForbiddenAccounts = s.AllowedAccounts, s.ForbiddenAccounts
	if err := r.buildChain(keys); err != nil {
		return r.out, err
	}
	if s.Region == "" && r.env(EnvRegion) == "" && r.out.Fault == nil {
		r.out.Fault = r.profile.regionFault // otherwise caches would be created in the default region
	}
	return r.out, r.checkChain(keys)
}

// buildChain puts the links together, in the order of the package's description.
func (r *resolver) buildChain(keys keyParts) error {
	r.out.Fault = r.profile.fault
	switch {
	case !keys.isEmpty():
		r.appendLink(keys.toStatic())
	case r.profile.credential != nil:
		r.appendLink(*r.profile.credential)
	}
	if name := pickValue(r.settings.CAMRoleName, "cam_role_name", EnvCAMRoleName, r.env); name.value != "" {
		r.restartChain(CVMRole{Name: name.value, From: name.from})
	}
	if r.profile.role != nil {
		r.appendLink(*r.profile.role)
	}
	for _, next := range []func() error{
		r.addEnvironmentRole, r.addSAMLBlock, r.addWebIdentityBlock, r.addPodOIDC, r.addAssumeRoleBlock,
	} {
		if err := next(); err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) appendLink(link Link) { r.out.Chain = append(r.out.Chain, link) }

// restartChain replaces all links found so far: they have no part in this one, so a fault of theirs
// does not matter.
func (r *resolver) restartChain(link Link) {
	r.out.Chain = []Link{link}
	r.out.Fault = nil
}

// checkKeys refuses half a key pair of arguments. Half a pair of the environment, which may be
// there for another tool, matters to what needs the cloud only.
func (r *resolver) checkKeys(keys keyParts) error {
	if keys.isEmpty() {
		return nil
	}
	err := keys.checkComplete()
	if partial, ok := errors.AsType[*ArgumentError](err); ok && partial.From.Kind == FromVariable {
		r.out.Fault = partial
		return nil
	}
	return err
}

// checkChain checks the first link: it must be complete and need no credential before it.
func (r *resolver) checkChain(keys keyParts) error {
	if len(r.out.Chain) == 0 {
		return nil
	}
	switch first := r.out.Chain[0].(type) {
	case Static:
		return r.checkKeys(keys)
	case AssumeRole:
		if r.out.Fault == nil {
			r.out.Fault = &NothingToAssumeWithError{Role: first.Source(), Profile: r.out.Profile}
		}
	}
	return nil
}

// sourcedValue is a value and where it is from.
type sourcedValue struct {
	value string
	from  Origin
}

func pickValue(argument, name, variable string, getenv func(string) string) sourcedValue {
	if argument != "" {
		return sourcedValue{argument, Origin{FromArgument, name}}
	}
	return sourcedValue{getenv(variable), Origin{FromVariable, variable}}
}
