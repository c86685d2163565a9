#!/usr/bin/env bash
# Puts the report of a demonstration, whose output is standard input, in the place of the one that both READMEs show.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
demo="$(cat)"
# From the report's first line to the plan's own outputs; a plan begins the lines of tables with a blank.
report="$(sed -nE '/^    \*\*Disk: /,/^    (Plan:|\+ )/p' <<<"$demo" | sed '$d; s/^    //; s/^|/ |/')"
read_bytes="$(sed -nE 's/^ *read for this: ([0-9.]+ MiB) .*/\1/p' <<<"$demo")"
[ -n "$report" ] && [ -n "$read_bytes" ] || { echo "readme-report: no report of a demonstration on standard input" >&2; exit 1; }

for readme in README.md README.zh-CN.md; do
  REPORT="$report" awk '
    /^\*\*Disk: /     { print ENVIRON["REPORT"]; skips = 1 }
    skips && /^```$/  { skips = 0 }
    !skips            { print }
  ' "$readme" | sed -E "s/[0-9.]+ MiB were read:/$read_bytes were read:/; s/只读取了 [0-9.]+ MiB/只读取了 $read_bytes/" >"$readme.new"
  mv "$readme.new" "$readme"
done
