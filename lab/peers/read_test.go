package peers_test

import (
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "github.com/tkeimage/terraform-provider-tkeimage/internal/"

// actionsOf names the actions whose answers a function of our clients reads, by package and
// function.
var actionsOf = map[string][]string{
	"tke.createOnce":             {"CreateImageCache"},
	"tke.listPages":              {"DescribeImageCaches"},
	"tke.Update":                 {"UpdateImageCache"},
	"tke.deleteOnce":             {"DeleteImageCaches"},
	"tke.Match":                  {"GetMostSuitableImageCache"},
	"credentials.requestSession": {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"},
	"credentials.checkAccount":   {"GetCallerIdentity"},
	"tcr.CreateToken":            {"CreateInstanceToken"},
	"tcr.DeleteToken":            {"DeleteInstanceToken"},
	"cbs.PricePerHour":           {"InquiryPriceCreateDisks"},
	"cbs.Configs":                {"DescribeDiskConfigQuota"},
}

// answersReadByClient returns by action which fields of an answer our clients read: those of the
// types that cloudapi.Call is instantiated with.
func answersReadByClient(t *testing.T) map[string]fields {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{
		Context: t.Context(),
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo |
			packages.NeedImports | packages.NeedExportFile,
	}, module+"tke", module+"credentials", module+"tcr", module+"cbs")
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]fields{}
	var seen []string
	for _, p := range loaded {
		for _, failure := range p.Errors {
			t.Fatal(failure)
		}
		for function, answer := range answerTypes(p) {
			actions := actionsOf[function]
			if len(actions) == 0 {
				t.Errorf("%s calls the API: say in actionsOf which actions", function)
			}
			seen = append(seen, function)
			for _, action := range actions {
				read[action] = fields{}
				read[action].addType(answer, "")
			}
		}
	}
	for function := range actionsOf {
		if !slices.Contains(seen, function) {
			t.Errorf("actionsOf has %s, which calls no API", function)
		}
	}
	return read
}

// answerTypes returns the types that a package's functions instantiate cloudapi.Call with, directly
// or through a generic function of the package.
func answerTypes(p *packages.Package) map[string]types.Type {
	found := map[string]types.Type{}
	wrappers := map[string]bool{module + "cloudapi.Call": true}
	for range 2 { // the second time with the package's own wrapper
		for _, file := range p.Syntax {
			for _, declaration := range file.Decls {
				function, ok := declaration.(*ast.FuncDecl)
				if !ok {
					continue
				}
				ast.Inspect(function, func(n ast.Node) bool {
					name, ok := n.(*ast.Ident)
					if !ok || !wrappers[fullName(p.TypesInfo.Uses[name])] {
						return true
					}
					answer := p.TypesInfo.Instances[name].TypeArgs.At(0)
					if _, open := answer.(*types.TypeParam); open {
						wrappers[fullName(p.TypesInfo.Defs[function.Name])] = true
					} else {
						found[p.Name+"."+function.Name.Name] = answer
					}
					return true
				})
			}
		}
	}
	return found
}

func fullName(o types.Object) string {
	function, ok := o.(*types.Func)
	if !ok {
		return ""
	}
	return function.FullName()
}

// addType adds the fields that encoding/json decodes into a type.
func (f fields) addType(t types.Type, at string) {
	if kind, ok := decodedKind(t); ok {
		f[at] = field{kind: kind}
		return
	}
	switch under := t.Underlying().(type) {
	case *types.Pointer:
		f.addType(under.Elem(), at)
	case *types.Slice:
		f[at] = field{kind: "list"}
		f.addType(under.Elem(), at+"[]")
	case *types.Struct:
		if at != "" && !strings.HasSuffix(at, "[]") {
			f[at] = field{kind: "object"}
		}
		for i := range under.NumFields() {
			name, _, _ := strings.Cut(reflect.StructTag(under.Tag(i)).Get("json"), ",")
			switch member := under.Field(i); {
			case name == "-" || !member.Exported():
			case member.Embedded() && name == "":
				f.addType(member.Type(), at)
			case name == "":
				f.addType(member.Type(), strings.TrimPrefix(at+"."+member.Name(), "."))
			default:
				f.addType(member.Type(), strings.TrimPrefix(at+"."+name, "."))
			}
		}
	default:
		panic("an answer has a field of type " + t.String() + ", which is not known here")
	}
}

// decodedKind returns the JSON kind of a type that is no struct and no list. A type that decodes
// itself takes any kind.
func decodedKind(t types.Type) (kind string, ok bool) {
	if t.String() == "encoding/json.Number" {
		return "number", true
	}
	if method, _, _ := types.LookupFieldOrMethod(types.NewPointer(t), true, nil, "UnmarshalJSON"); method != nil {
		return anyKind, true
	}
	basic, ok := t.Underlying().(*types.Basic)
	switch {
	case !ok:
		return "", false
	case basic.Info()&types.IsString != 0:
		return "string", true
	case basic.Info()&types.IsBoolean != 0:
		return "boolean", true
	default:
		return "number", true
	}
}
