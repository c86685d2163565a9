#!/usr/bin/env bash
# Checks that all examples are formatted and valid against the provider just built, and HashiCorp's for Kubernetes.
# usage: scripts/examples.sh CLI FOLDER-OF-THE-PROVIDERS
set -euo pipefail

cli="$1"
plugins="$2"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Examples that another provider plays a part in, which cannot be built from Go's modules; one folder a line.
skipped="
examples/modules/network
"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

"$cli" fmt -check -diff -recursive examples >"$work/format" || {
  cat "$work/format"
  echo "examples are not formatted: run 'make fmt'"
  exit 1
}

# With a development override the CLI needs no init, and has nowhere to install anything else from.
cat >"$work/cli.tfrc" <<END
provider_installation {
  dev_overrides {
    "tkeimage/tkeimage"    = "$plugins"
    "hashicorp/kubernetes" = "$plugins"
  }
}
END
export TF_CLI_CONFIG_FILE="$work/cli.tfrc"

title="$("$cli" version | sed -n 1p)"

# An import by identity is understood from version 1.12 on, of either CLI.
knows_identity=no
if grep -qE '^(Terraform|OpenTofu) v1\.(1[2-9]|[2-9][0-9])' <<<"$title"; then
  knows_identity=yes
fi

# What examples take from the module that is skipped comes from its stand-in, as in tests.
cp -R examples "$work/examples"
rm -rf "$work/examples/modules/network"
cp -R lab/examples/testdata/network "$work/examples/modules/network"

# Queries and actions are Terraform's own, from version 1.14 on.
knows_query=no
if grep -qE '^Terraform v1\.(1[4-9]|[2-9][0-9])' <<<"$title"; then
  knows_query=yes
fi

count=0
while read -r folder; do
  if grep -qxF "$folder" <<<"$skipped"; then
    echo "skipped $folder"
    continue
  fi

  copy="$work/$folder"
  # One resource is imported once, so of two ways only one can be looked at: the newer one where it is understood.
  if [ "$knows_identity" = yes ]; then way=string-id; else way=identity; fi
  rm -f "$copy/import-by-$way.tf"
  # The short examples that the documentation embeds leave out what every configuration begins with.
  grep -qs required_providers "$copy"/*.tf ||
    printf 'terraform {\n  required_providers {\n    tkeimage = {\n      source = "tkeimage/tkeimage"\n    }\n  }\n}\n' >"$copy/required_providers.tf"

  if [ "$knows_query" = no ] && grep -qsE '^action "' "$copy"/*.tf; then
    echo "skipped $folder: actions need Terraform 1.14"
    continue
  fi
  options=
  if compgen -G "$copy/*.tfquery.hcl" >/dev/null; then
    if [ "$knows_query" = no ]; then
      echo "skipped $folder: a query needs Terraform 1.14"
      continue
    fi
    options=-query
  fi

  # shellcheck disable=SC2086 # none or one
  if ! (cd "$copy" && "$cli" get -no-color && "$cli" validate $options -no-color) >"$work/output" 2>&1; then
    echo "$folder:"
    cat "$work/output"
    exit 1
  fi
  count=$((count + 1))
done < <(find examples \( -name '*.tf' -o -name '*.tfquery.hcl' \) -not -path '*/.terraform/*' -not -path '*/tests/*' -exec dirname {} + | sort -u)

echo "$count examples are formatted and valid"
