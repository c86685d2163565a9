#!/usr/bin/env bash
# containerd/platforms: whether an index entry that names os.features matches a plain "linux/amd64" depends on the release candidate.
# An entry {linux, amd64, os.features: [nydus.remoteimage.v1]} matches up to v1.0.0-rc.2, which containerd v2.2.0 requires, and no more
# from v1.0.0-rc.3 on; containerd v2.4.2 requires v1.0.0-rc.5. Of one index, two releases of containerd therefore pull two manifests.
# Output seen on 2026-11-27:
#   containerd v2.2.0 requires platforms v1.0.0-rc.2
#   containerd v2.4.2 requires platforms v1.0.0-rc.5
#   v1.0.0-rc.2: Only(linux/amd64) matches the entry: true
#   v1.0.0-rc.3: Only(linux/amd64) matches the entry: false
#   v1.0.0-rc.5: Only(linux/amd64) matches the entry: false
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod GOWORK=off
cat >main.go <<'M'
package main

import (
	"fmt"

	"github.com/containerd/platforms"
	specs "github.com/opencontainers/image-spec/specs-go/v1"
)

func main() {
	entry := specs.Platform{OS: "linux", Architecture: "amd64", OSFeatures: []string{"nydus.remoteimage.v1"}}
	fmt.Println("Only(linux/amd64) matches the entry:", platforms.Only(platforms.MustParse("linux/amd64")).Match(entry))
}
M
{
  for version in v2.2.0 v2.4.2; do
    printf 'module finding\n\ngo 1.25\n' >go.mod
    requires="$(go mod download -json "github.com/containerd/containerd/v2@$version" 2>/dev/null | sed -n 's/.*"GoMod": "\(.*\)",/\1/p')"
    echo "containerd $version requires platforms $(awk '$1 == "github.com/containerd/platforms" {print $2}' "$requires")"
  done
  for version in v1.0.0-rc.2 v1.0.0-rc.3 v1.0.0-rc.5; do
    rm -f go.sum
    printf 'module finding\n\ngo 1.25\n\nrequire (\n\tgithub.com/containerd/platforms %s\n\tgithub.com/opencontainers/image-spec v1.1.1\n)\n' "$version" >go.mod
    echo "$version: $(go run . 2>/dev/null)"
  done
} | tee seen
cat >expected <<'W'
containerd v2.2.0 requires platforms v1.0.0-rc.2
containerd v2.4.2 requires platforms v1.0.0-rc.5
v1.0.0-rc.2: Only(linux/amd64) matches the entry: true
v1.0.0-rc.3: Only(linux/amd64) matches the entry: false
v1.0.0-rc.5: Only(linux/amd64) matches the entry: false
W
diff expected seen
