#!/usr/bin/env bash
# Prints the absolute path of the Terraform CLI to use, everything else to standard error:
# TF_CLI if it is set, else terraform or tofu on the PATH, else OpenTofu built from its module into bin/.
# Write-only arguments and ephemeral values, which this provider has, ask for version 1.11 of either.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
need_major=1
need_minor=11

# The version as "1 11", nothing if this is no Terraform CLI that answers.
version_of() {
  "$1" version -json 2>/dev/null | sed -nE 's/.*"terraform_version": *"([0-9]+)\.([0-9]+)\..*/\1 \2/p' || true
}

is_recent() {
  local major minor
  read -r major minor <<<"$(version_of "$1")" || return 1
  [ -n "${minor:-}" ] && { [ "$major" -gt "$need_major" ] || { [ "$major" -eq "$need_major" ] && [ "$minor" -ge "$need_minor" ]; }; }
}

absolute() {
  local path
  path="$(command -v -- "$1")" || return 1
  echo "$(cd "$(dirname "$path")" && pwd)/$(basename "$path")"
}

if [ -n "${TF_CLI:-}" ]; then
  path="$(absolute "$TF_CLI")" || { echo "TF_CLI=$TF_CLI: there is no such program" >&2; exit 1; }
  is_recent "$path" || { echo "TF_CLI=$TF_CLI is not Terraform or OpenTofu $need_major.$need_minor or later" >&2; exit 1; }
  echo "$path"
  exit
fi

for name in terraform tofu; do
  if path="$(absolute "$name")" && is_recent "$path"; then
    echo "$path"
    exit
  fi
done

"${MAKE:-make}" --silent --no-print-directory -C "$root" bin/tofu >&2
echo "$root/bin/tofu"
