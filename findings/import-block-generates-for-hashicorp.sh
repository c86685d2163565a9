#!/usr/bin/env bash
# Terraform 1.16.0, `plan -generate-config-out`: for an import block without a provider argument it generates a configuration with the
# provider hashicorp/TYPE, although required_providers maps that local name to another source, and ends with an error. Terraform 1.14.9
# generates with the mapped provider. With `provider = …` in the block 1.16.0 generates, too.
# The provider is hashicorp/time, installed from a mirror as example/time. Terraform is built from its module; the remote backends,
# which are modules that the proxy does not serve, are stubs here.
# Output seen on 2026-11-27:
#   1.14.9 without provider: generated
#   1.14.9 with provider: generated
#   1.16.0 without provider: unavailable provider "registry.terraform.io/hashicorp/time"
#   1.16.0 with provider: generated
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

GOBIN="$folder" go install github.com/hashicorp/terraform-provider-time@v0.14.2 2>/dev/null
plugins="mirror/registry.terraform.io/example/time/0.14.2/$(go env GOOS)_$(go env GOARCH)"
mkdir -p "$plugins"
mv terraform-provider-time "$plugins/terraform-provider-time_v0.14.2"
cat >cli.tfrc <<R
provider_installation {
  filesystem_mirror {
    path = "$folder/mirror"
  }
}
R
export TF_CLI_CONFIG_FILE="$folder/cli.tfrc"

# try_import VERSION TITLE LINE: plans with an import block that has a line more.
try_import() {
  rm -rf work && mkdir work
  cat >work/main.tf <<T
terraform {
  required_providers {
    time = { source = "example/time" }
  }
}

import {
  to = time_static.then
  id = "2020-02-12T06:36:13Z"
  $3
}
T
  "./terraform-$1" -chdir=work init -no-color >/dev/null
  if "./terraform-$1" -chdir=work plan -no-color -generate-config-out=generated.tf >said 2>&1; then
    grep -q '^resource "time_static" "then"' work/generated.tf
    echo "$1 $2: generated"
  else
    echo "$1 $2: $(grep -o 'unavailable provider "[^"]*"' said | sed -n 1p)"
  fi
}

for version in 1.14.9 1.16.0; do
  build_terraform "$version"
  try_import "$version" "without provider" ""
  try_import "$version" "with provider" "provider = time"
done | tee seen
cat >expected <<'W'
1.14.9 without provider: generated
1.14.9 with provider: generated
1.16.0 without provider: unavailable provider "registry.terraform.io/hashicorp/time"
1.16.0 with provider: generated
W
diff expected seen
