#!/usr/bin/env bash
# Runs the tests that need a Kubernetes API. However this ends, nothing of it is left running or on disk: all processes are
# in one group of their own, and all files in one folder. Arguments go to `go test`.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
work="$(mktemp -d "${TMPDIR:-/tmp}/tkeimage-cluster-XXXXXX")"
export TMPDIR="$work" TKEIMAGE_CONTROL_PLANE_BIN="$PWD/bin"

group=
finish() {
  local code=$?
  trap '' INT TERM HUP
  if [ -n "$group" ]; then
    kill -TERM -- "-$group" 2>/dev/null || true
    # Terraform gets a moment to write its state, although it will not be read.
    for _ in $(seq 50); do
      kill -0 -- "-$group" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$group" 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

set -m # a job has a process group of its own
"${GO:-go}" -C lab test -count=1 "$@" ./kubetest ./examples ./docstest </dev/null &
group=$!
set +m
wait "$group"
