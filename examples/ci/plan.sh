#!/usr/bin/env bash
# Plans, and writes what a reviewer wants to read to report.md. Any CI system can run it.
# Needs terraform (or TF_CLI=tofu) and jq; an output named "report" in the configuration, and its .terraform.lock.hcl, which pins
# the providers: no others are run.
set -euo pipefail

cli="${TF_CLI:-terraform}"

"$cli" init -input=false -lockfile=readonly
"$cli" fmt -check -recursive
"$cli" validate
"$cli" plan -input=false -lock-timeout=5m -out=plan.tfplan
"$cli" show -json plan.tfplan >plan.json

{
  echo "### Disks that the images need"
  echo
  jq -r '.planned_values.outputs.report.value // "The report is known only after apply."' plan.json
  echo
  echo "### Image caches"
  echo
  jq -r '[.resource_changes[]? | select(.type == "tkeimage_cache") | "- `\(.address)`: \(.change.actions | join(", then "))"]
         | if length == 0 then "None." else join("\n") end' plan.json
} >report.md
