#!/usr/bin/env bash
# Terraform 1.14.9 and 1.16.0, `terraform query`: once a list block has as many results as its limit (default: 100), the stream of the
# provider is read no further, and a warning that comes after them is dropped, with exit code 0. So a provider that warns when it has
# listed what it could, of results that the limit leaves out for one, is heard only where the limit leaves out none. The framework's
# way for such a warning, a result with diagnostics alone, arrives only before the last result that is taken. Terraform itself says
# nothing about a limit that was reached.
# The provider, made here with terraform-plugin-framework v1.19.0, lists three things, and then warns. Terraform is built from its
# module; the remote backends, which are modules that the proxy does not serve, are stubs.
# Output seen on 2026-11-27:
#   1.14.9 limit 3: 3 results, exit code 0, no warning
#   1.14.9 limit 4: 3 results, exit code 0, warning
#   1.16.0 limit 3: 3 results, exit code 0, no warning
#   1.16.0 limit 4: 3 results, exit code 0, warning
set -euo pipefail
folder="$(mktemp -d)"
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false" TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1

# build_terraform VERSION: builds terraform-VERSION.
build_terraform() {
  local source=github.com/hashicorp/terraform backend
  mkdir -p "build-$1" && cd "build-$1"
  printf 'module build\n\ngo 1.26.0\n\ntool %s\n\nrequire %s v%s\n\nreplace (\n' "$source" "$source" "$1" >go.mod
  for backend in azure consul cos gcs kubernetes oci oss pg s3; do
    mkdir -p "stubs/$backend"
    printf 'module %s/internal/backend/remote-state/%s\n\ngo 1.26\n' "$source" "$backend" >"stubs/$backend/go.mod"
    printf 'package %s\n\nimport (\n\t"%s/internal/backend"\n\t"%s/internal/backend/remote-state/inmem"\n)\n\nfunc New() backend.Backend { return inmem.New() }\n' \
      "$backend" "$source" "$source" >"stubs/$backend/backend.go"
    printf '\t%s/internal/backend/remote-state/%s => ./stubs/%s\n' "$source" "$backend" "$backend" >>go.mod
  done
  mkdir -p stubs/legacy
  printf 'module %s/internal/legacy\n\ngo 1.26\n' "$source" >stubs/legacy/go.mod
  printf 'package legacy\n' >stubs/legacy/legacy.go
  printf '\t%s/internal/legacy => ./stubs/legacy\n)\n' "$source" >>go.mod
  go mod tidy -e >/dev/null 2>&1 # a test of Terraform misses what a stub leaves out
  go build -ldflags "-s -w -X $source/version.dev=no" -o "../terraform-$1" "$source"
  cd ..
}

mkdir provider
cat >provider/go.mod <<'M'
module provider

go 1.25.0

require github.com/hashicorp/terraform-plugin-framework v1.19.0
M
cat >provider/main.go <<'G'
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

type example struct{}

func (example) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "example"
}
func (example) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (example) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (example) DataSources(context.Context) []func() datasource.DataSource                        { return nil }
func (example) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return thing{} }}
}
func (example) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return things{} }}
}

type thing struct{}

func (thing) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "example_thing"
}
func (thing) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]schema.Attribute{"id": schema.StringAttribute{Computed: true}}
}
func (thing) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema.Attributes = map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true},
	}
}
func (thing) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {}
func (thing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (thing) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (thing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

type things struct{}

func (things) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "example_thing"
}
func (things) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = listschema.Schema{}
}
func (things) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		for i := range 3 {
			result := req.NewListResult(ctx)
			result.DisplayName = fmt.Sprintf("thing number %d", i)
			result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root("id"), fmt.Sprint(i))...)
			if !push(result) {
				return
			}
		}
		push(list.ListResult{Diagnostics: diag.Diagnostics{diag.NewWarningDiagnostic("Not all things were looked at", "")}})
	}
}

func main() {
	opts := providerserver.ServeOpts{Address: "registry.terraform.io/example/example"}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return example{} }, opts); err != nil {
		log.Fatal(err)
	}
}
G
plugins="$folder/mirror/registry.terraform.io/example/example/1.0.0/$(go env GOOS)_$(go env GOARCH)"
mkdir -p "$plugins"
(cd provider && go mod tidy >/dev/null 2>&1 && go build -o "$plugins/terraform-provider-example_v1.0.0")
printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s/mirror"\n  }\n}\n' "$folder" >cli.tfrc
export TF_CLI_CONFIG_FILE="$folder/cli.tfrc"

for version in 1.14.9 1.16.0; do
  build_terraform "$version"
  for limit in 3 4; do
    mkdir "run-$version-$limit" && cd "run-$version-$limit"
    printf 'terraform {\n  required_providers {\n    example = { source = "example/example" }\n  }\n}\n' >main.tf
    printf 'list "example_thing" "all" {\n  provider = example\n  limit    = %s\n}\n' "$limit" >all.tfquery.hcl
    "../terraform-$version" init -no-color >/dev/null
    code=0
    "../terraform-$version" query -no-color >output 2>&1 || code=$?
    warned="no warning"
    if grep -q "Warning: Not all things were looked at" output; then warned="warning"; fi
    echo "$version limit $limit: $(grep -c "thing number" output) results, exit code $code, $warned"
    cd ..
  done
done | tee seen
diff - seen <<'E'
1.14.9 limit 3: 3 results, exit code 0, no warning
1.14.9 limit 4: 3 results, exit code 0, warning
1.16.0 limit 3: 3 results, exit code 0, no warning
1.16.0 limit 4: 3 results, exit code 0, warning
E
