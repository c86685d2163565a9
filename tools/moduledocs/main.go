// Command moduledocs writes the part of a Terraform module's README that its code says already:
// what it needs, its variables, outputs and resources, between the marks that terraform-docs uses
// too.
//
// usage: moduledocs FOLDER, with the README's text on standard input and the new text on standard
// output
package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/template"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

const (
	begin = "<!-- BEGIN_TF_DOCS -->"
	end   = "<!-- END_TF_DOCS -->"
)

var errNoMarks = errors.New("the README has no lines " + begin + " and " + end + ", between which this writes")

//go:embed readme.tmpl
var layout string

func main() {
	if err := writeReadme(); err != nil {
		fmt.Fprintf(os.Stderr, "moduledocs: %v\n", err)
		os.Exit(1)
	}
}

func writeReadme() error {
	if len(os.Args) != 2 {
		return errors.New("usage: moduledocs FOLDER <README.md >NEW")
	}
	module, diags := tfconfig.LoadModule(os.Args[1])
	if diags.HasErrors() {
		return diags
	}
	readme, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	before, rest, begins := bytes.Cut(readme, []byte(begin+"\n"))
	_, after, ends := bytes.Cut(rest, []byte(end))
	if !begins || !ends {
		return errNoMarks
	}
	written, err := renderModule(module)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s%s\n%s%s%s", before, begin, written, end, after)
	return err
}

func renderModule(module *tfconfig.Module) (string, error) {
	functions := template.FuncMap{
		"cell": func(text string) string {
			return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
		},
		"default":   defaultOf,
		"join":      strings.Join,
		"variables": func() []*tfconfig.Variable { return inOrder(module.Variables) },
		"outputs":   func() []*tfconfig.Output { return inOrder(module.Outputs) },
		"resources": func() []string { return slices.Sorted(maps.Keys(module.ManagedResources)) },
		"data":      func() []string { return slices.Sorted(maps.Keys(module.DataResources)) },
	}
	t, err := template.New("readme").Funcs(functions).Parse(layout)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, module)
	return b.String(), err
}

// inOrder returns declarations as they stand in their files: what matters most comes first there.
func inOrder[T interface {
	*tfconfig.Variable | *tfconfig.Output
}](declared map[string]T) []T {
	position := func(d any) tfconfig.SourcePos {
		switch d := d.(type) {
		case *tfconfig.Variable:
			return d.Pos
		case *tfconfig.Output:
			return d.Pos
		}
		return tfconfig.SourcePos{}
	}
	return slices.SortedFunc(maps.Values(declared), func(a, b T) int {
		p, q := position(a), position(b)
		return cmp.Or(cmp.Compare(p.Filename, q.Filename), cmp.Compare(p.Line, q.Line))
	})
}

func defaultOf(v *tfconfig.Variable) (string, error) {
	if v.Required {
		return "required", nil
	}
	text, err := json.Marshal(v.Default)
	return "`" + string(text) + "`", err
}
