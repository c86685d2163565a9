#!/usr/bin/env bash
# Pins the newest version of the official client for Node, installs it, and prints how the models of its typings have changed.
# What then differs from our own clients and stand-ins, `make test PKG=./lab/peers` says.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

installed=bin/peers
package=tencentcloud-sdk-nodejs
before="$(mktemp -d)"
trap 'rm -rf "$before"' EXIT

print_models() { NODE_PATH="$installed/node_modules" node lab/peers/models.js; }
print_version() { node -p "require('./$installed/node_modules/$package/package.json').version"; }

print_models >"$before/models"
old="$(print_version)"

(cd lab/peers && npm install --silent --package-lock-only "$package@latest" && npm update --silent --package-lock-only)
"$MAKE" --no-print-directory bin/peers
new="$(print_version)"

if difference="$(diff --unified=0 --label "$package $old" --label "$package $new" "$before/models" <(print_models))"; then
  echo "$package $old -> $new: the models that are used here are the same."
else
  printf '%s\n' "$difference"
fi
