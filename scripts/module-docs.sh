#!/usr/bin/env bash
# Writes the generated part of each module's README from the module's own code; with --check, compares instead and fails
# with the difference.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

stale=no
for readme in examples/modules/*/README.md; do
  bin/moduledocs "$(dirname "$readme")" <"$readme" >"$work/README.md"
  if [ "${1:-}" != --check ]; then
    cp "$work/README.md" "$readme"
  elif ! diff -u "$readme" "$work/README.md"; then
    stale=yes
  fi
done

if [ "$stale" = yes ]; then
  echo "a module's README is not what its code says: run 'make generate'"
  exit 1
fi
