#!/usr/bin/env bash
# Runs every fuzz target for as long as the first argument says: a time (30s) or a number of inputs (1000000x), each target for
# itself. The other arguments are packages (default: all) and, after --, flags of go test, such as -parallel=1.
# Ends with a table, and fails if a target found something; what it found is then kept below testdata/fuzz, as a test.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
go="${GO:-go}"
fuzztime="${1:?how long: a time, or a number of inputs such as 1000000x}"
shift
packages=()
while [ "$#" -gt 0 ] && [ "$1" != -- ]; do
  packages+=("$1")
  shift
done
[ "$#" -eq 0 ] || shift
[ "${#packages[@]}" -gt 0 ] || packages=(./... ./lab/...)

# `go list` knows the files that tests are in; `go test -list` would build and start every test program.
# lab/ is a module of its own.
list() {
  "$go" -C "$1" list -f '{{$p := .}}{{range .TestGoFiles}}{{$p.Dir}}/{{.}} {{$p.ImportPath}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$p.Dir}}/{{.}} {{$p.ImportPath}}{{"\n"}}{{end}}' "${@:2}" |
    while read -r file package; do
      { grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" || true; } | while read -r _ name; do echo "$1 $package $name"; done
    done | sort
}
provider=() lab=()
for package in "${packages[@]}"; do
  case "$package" in
    ./lab/*) lab+=("./${package#./lab/}") ;;
    *) provider+=("$package") ;;
  esac
done
targets="$(
  [ "${#provider[@]}" -eq 0 ] || list . "${provider[@]}"
  [ "${#lab[@]}" -eq 0 ] || list lab "${lab[@]}"
)"
[ -n "$targets" ] || { echo "no fuzz target in ${packages[*]}" >&2; exit 1; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0
found=0
while read -r module package name; do
  start=$SECONDS
  found=$((found + 1))
  verdict=passed
  # Without its other tests. Each input that reaches new code is shrunk too, for a minute if nothing bounds that, which would take the
  # time of the others: ten tries are enough.
  if ! "$go" -C "$module" test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "$fuzztime" -fuzzminimizetime 10x "$@" >"$work/log" 2>&1 </dev/null; then
    verdict=FAILED
    failed=$((failed + 1))
    grep -v '^fuzz: elapsed' "$work/log" || true
  fi
  inputs="$({ grep -oE 'execs: [0-9]+' "$work/log" || true; } | tail -n 1 | tr -dc 0-9)"
  printf '%-24s %-34s %10s inputs %6d s  %s\n' "$name" "${package#*/*/*/}" "${inputs:-seed}" "$((SECONDS - start))" "$verdict"
done <<<"$targets"
echo "fuzz: $found targets, $failed failed"
[ "$failed" -eq 0 ]
