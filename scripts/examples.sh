#!/usr/bin/env bash
# Checks that all examples are formatted and valid against the provider just built.
# usage: scripts/examples.sh CLI FOLDER-OF-THE-PROVIDER
set -euo pipefail

cli="$1"
plugins="$2"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Examples that another provider plays a part in, which cannot be had offline; one folder a line.
skipped="
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
    "tkeimage/tkeimage" = "$plugins"
  }
}
END
export TF_CLI_CONFIG_FILE="$work/cli.tfrc"

# An import by identity is understood from version 1.12 on, of either CLI.
knows_identity=no
if "$cli" version | head -n 1 | grep -qE '^(Terraform|OpenTofu) v1\.(1[2-9]|[2-9][0-9])'; then
  knows_identity=yes
fi

count=0
while read -r folder; do
  if grep -qxF "$folder" <<<"$skipped"; then
    echo "skipped $folder"
    continue
  fi

  copy="$work/example"
  rm -rf "$copy"
  cp -R "$folder" "$copy"
  [ "$knows_identity" = yes ] || rm -f "$copy/import-by-identity.tf"
  # The short examples that the documentation embeds leave out what every configuration begins with.
  grep -qs required_providers "$copy"/*.tf ||
    printf 'terraform {\n  required_providers {\n    tkeimage = {\n      source = "tkeimage/tkeimage"\n    }\n  }\n}\n' >"$copy/required_providers.tf"

  if ! (cd "$copy" && "$cli" validate -no-color) >"$work/output" 2>&1; then
    echo "$folder:"
    cat "$work/output"
    exit 1
  fi
  count=$((count + 1))
done < <(find examples -name '*.tf' -not -path '*/.terraform/*' -exec dirname {} + | sort -u)

echo "$count examples are formatted and valid"
