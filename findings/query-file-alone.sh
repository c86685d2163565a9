#!/usr/bin/env bash
# Terraform 1.14.9 and 1.16.0: `terraform init` does not look at query files. In a folder with a valid .tfquery.hcl and no .tf file it
# calls the folder empty, and `terraform query` asks for a .tfquery.hcl file, which is the one file that there is. With an empty .tf
# file beside it init succeeds, and installs no provider: a resource block of the same type would have one installed, a list block needs
# required_providers, and the query fails otherwise.
# Beside that, 1.14.9 knows queries, and its `fmt` passes over their files without a word, exit code 0; 1.16.0 formats them.
# Terraform is built from its module; the remote backends, which are modules that the proxy does not serve, are stubs here.
# Output seen on 2026-11-27:
#   1.14.9 init, a query file alone: Terraform initialized in an empty directory!
#   1.14.9 query, a query file alone: Create a Terraform query configuration file (.tfquery.hcl file) and try again.
#   1.14.9 init, and an empty .tf file: Terraform has been successfully initialized!
#   1.14.9 query, and an empty .tf file: unavailable provider "registry.terraform.io/hashicorp/example"
#   1.14.9 init, and a resource block: provider registry.terraform.io/hashicorp/example was not found
#   1.14.9 fmt -check, an unformatted query file: exit code 0
#   1.16.0 init, a query file alone: Terraform initialized in an empty directory!
#   1.16.0 query, a query file alone: Create a Terraform query configuration file (.tfquery.hcl file) and try again.
#   1.16.0 init, and an empty .tf file: Terraform has been successfully initialized!
#   1.16.0 query, and an empty .tf file: unavailable provider "registry.terraform.io/hashicorp/example"
#   1.16.0 init, and a resource block: provider registry.terraform.io/hashicorp/example was not found
#   1.16.0 fmt -check, an unformatted query file: exit code 3
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
mkdir mirror
printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s/mirror"\n  }\n}\n' "$folder" >cli.tfrc
export TF_CLI_CONFIG_FILE="$folder/cli.tfrc"

# say WHAT TEXT: prints what is there of a text in the last output, whose lines are joined.
say() {
  if tr -s '\n│ ' ' ' <output | grep -qF "$2"; then echo "$version $1: $2"; else echo "$version $1: $(cat output)"; fi
}

for version in 1.14.9 1.16.0; do
  build_terraform "$version"
  mkdir "run-$version" && cd "run-$version"
  terraform="../terraform-$version"
  printf 'list "example_thing" "all" {\n  provider    = example\n}\n' >all.tfquery.hcl
  "$terraform" init -no-color >output 2>&1
  say "init, a query file alone" "Terraform initialized in an empty directory!"
  if "$terraform" query -no-color >output 2>&1; then echo "$version: the query succeeds"; fi
  say "query, a query file alone" "Create a Terraform query configuration file (.tfquery.hcl file) and try again."
  touch empty.tf
  "$terraform" init -no-color >output 2>&1
  say "init, and an empty .tf file" "Terraform has been successfully initialized!"
  if "$terraform" query -no-color >output 2>&1; then echo "$version: the query succeeds"; fi
  say "query, and an empty .tf file" 'unavailable provider "registry.terraform.io/hashicorp/example"'
  printf 'resource "example_thing" "x" {}\n' >empty.tf
  if "$terraform" init -no-color >output 2>&1; then echo "$version: there is a provider"; fi
  say "init, and a resource block" "provider registry.terraform.io/hashicorp/example was not found"
  code=0
  "$terraform" fmt -check -no-color >output 2>&1 || code=$?
  echo "$version fmt -check, an unformatted query file: exit code $code"
  cd ..
done | tee seen
diff - seen <<'E'
1.14.9 init, a query file alone: Terraform initialized in an empty directory!
1.14.9 query, a query file alone: Create a Terraform query configuration file (.tfquery.hcl file) and try again.
1.14.9 init, and an empty .tf file: Terraform has been successfully initialized!
1.14.9 query, and an empty .tf file: unavailable provider "registry.terraform.io/hashicorp/example"
1.14.9 init, and a resource block: provider registry.terraform.io/hashicorp/example was not found
1.14.9 fmt -check, an unformatted query file: exit code 0
1.16.0 init, a query file alone: Terraform initialized in an empty directory!
1.16.0 query, a query file alone: Create a Terraform query configuration file (.tfquery.hcl file) and try again.
1.16.0 init, and an empty .tf file: Terraform has been successfully initialized!
1.16.0 query, and an empty .tf file: unavailable provider "registry.terraform.io/hashicorp/example"
1.16.0 init, and a resource block: provider registry.terraform.io/hashicorp/example was not found
1.16.0 fmt -check, an unformatted query file: exit code 3
E
