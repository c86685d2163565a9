#!/usr/bin/env bash
# Terraform 1.16.0 and OpenTofu 1.12.6: of a resource that is replaced, the provider is asked for a plan twice, first as an update and
# then, with a null prior state, as a creation; warnings of the second answer are dropped, its errors are not. So a provider that warns
# of what it is about to create, where the prior state is null, is heard for a new resource and not for the successor of one.
# The provider, made here with terraform-plugin-framework v1.19.0, counts its calls in a file, and has one attribute that replaces.
# Terraform is built from its module; the remote backends, which are modules that the proxy does not serve, are stubs.
# Output seen on 2026-11-28:
#   terraform new: 1 plan of a creation, warning
#   terraform replaced: 1 plan of a creation, no warning
#   terraform replaced, with an error: 1 plan of a creation, error
#   tofu new: 1 plan of a creation, warning
#   tofu replaced: 1 plan of a creation, no warning
#   tofu replaced, with an error: 1 plan of a creation, error
set -euo pipefail
folder="$(mktemp -d)"
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false" TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1

source=github.com/hashicorp/terraform
mkdir build-terraform && cd build-terraform
printf 'module build\n\ngo 1.26.0\n\ntool %s\n\nrequire %s v1.16.0\n\nreplace (\n' "$source" "$source" >go.mod
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
go build -ldflags "-s -w -X $source/version.dev=no" -o ../terraform "$source"
cd ..

mkdir build-tofu && cd build-tofu
cat >go.mod <<'M'
module build

go 1.26.0

tool github.com/opentofu/opentofu/cmd/tofu

require github.com/opentofu/opentofu v1.12.6

replace github.com/hashicorp/hcl/v2 v2.20.1 => github.com/opentofu/hcl/v2 v2.20.2-0.20251021132045-587d123c2828
M
go mod tidy -e >/dev/null 2>&1
go build -ldflags "-s -w -X github.com/opentofu/opentofu/version.dev=no" -o ../tofu github.com/opentofu/opentofu/cmd/tofu
cd ..

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
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
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

type thing struct{}

func (thing) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "example_thing"
}
func (thing) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]schema.Attribute{"name": schema.StringAttribute{
		Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
	}}
}
func (thing) ModifyPlan(_ context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if !req.State.Raw.IsNull() || req.Plan.Raw.IsNull() {
		return
	}
	calls, err := os.OpenFile(os.Getenv("EXAMPLE_CALLS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := calls.WriteString("creation\n"); err != nil {
		log.Fatal(err)
	}
	if err := calls.Close(); err != nil {
		log.Fatal(err)
	}
	if os.Getenv("EXAMPLE_REFUSES") != "" {
		resp.Diagnostics.AddError("A thing cannot be made", "")
		return
	}
	resp.Diagnostics.AddWarning("A thing is about to be made", "")
}
func (thing) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
}
func (thing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (thing) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (thing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func main() {
	opts := providerserver.ServeOpts{Address: "registry.terraform.io/example/example"}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return example{} }, opts); err != nil {
		log.Fatal(err)
	}
}
G
(cd provider && go mod tidy >/dev/null 2>&1 && go build -o ../terraform-provider-example_v1.0.0)
for host in registry.terraform.io registry.opentofu.org; do
  plugins="mirror/$host/example/example/1.0.0/$(go env GOOS)_$(go env GOARCH)"
  mkdir -p "$plugins" && cp terraform-provider-example_v1.0.0 "$plugins"
done
printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s/mirror"\n  }\n}\n' "$folder" >cli.tfrc
export TF_CLI_CONFIG_FILE="$folder/cli.tfrc" EXAMPLE_CALLS="$folder/calls"

write_configuration() {
  printf 'terraform {\n  required_providers {\n    example = { source = "example/example" }\n  }\n}\n' >main.tf
  printf 'resource "example_thing" "this" {\n  name = "%s"\n}\n' "$1" >>main.tf
}

# show_plan CLI TITLE: plans, and says how often a creation was planned, and what was heard of it.
show_plan() {
  local heard="no warning"
  rm -f "$EXAMPLE_CALLS"
  "../$1" plan -no-color -input=false >output 2>&1 || true
  if grep -q "Warning: A thing is about to be made" output; then heard="warning"; fi
  if grep -q "Error: A thing cannot be made" output; then heard="error"; fi
  echo "$1 $2: $(wc -l <"$EXAMPLE_CALLS" | tr -d ' ') plan of a creation, $heard"
}

for cli in terraform tofu; do
  mkdir "run-$cli" && cd "run-$cli"
  write_configuration old
  "../$cli" init -no-color >/dev/null
  show_plan "$cli" new
  "../$cli" apply -no-color -auto-approve >/dev/null
  write_configuration new
  show_plan "$cli" replaced
  EXAMPLE_REFUSES=yes show_plan "$cli" "replaced, with an error"
  cd ..
done | tee seen
diff - seen <<'E'
terraform new: 1 plan of a creation, warning
terraform replaced: 1 plan of a creation, no warning
terraform replaced, with an error: 1 plan of a creation, error
tofu new: 1 plan of a creation, warning
tofu replaced: 1 plan of a creation, no warning
tofu replaced, with an error: 1 plan of a creation, error
E
