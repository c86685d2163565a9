#!/usr/bin/env bash
# Writes docs/ from the provider's schema, templates/ and examples/; with --check, compares instead and fails with the
# difference. Nothing is downloaded and no Terraform CLI takes part, so the result is the same everywhere.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

go -C lab run ./docschema >"$work/schema.json"

# In a folder of its own, so that a check leaves docs/ alone. What is already there comes along: the generator keeps
# files that it does not know, and so do we.
mkdir "$work/provider"
for folder in docs examples templates; do
  [ ! -d "$folder" ] || cp -R "$folder" "$work/provider/"
done
arguments=(--provider-dir "$work/provider" --provider-name terraform-provider-tkeimage --providers-schema "$work/schema.json")
for step in "generate --rendered-provider-name tkeimage" validate; do
  # shellcheck disable=SC2086 # words on purpose
  bin/tfplugindocs $step "${arguments[@]}" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
done

if [ "${1:-}" != --check ]; then
  rm -rf docs
  cp -R "$work/provider/docs" docs
  exit
fi

mkdir -p "$work/none"
committed=docs
[ -d docs ] || committed="$work/none"
if ! diff -ruN "$committed" "$work/provider/docs"; then
  echo "docs/ is not what the schema, templates and examples say: run 'make generate'"
  exit 1
fi
