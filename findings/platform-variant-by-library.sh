#!/usr/bin/env bash
# The default variant of a platform: containerd/platforms v1.0.0-rc.5 normalises "linux/arm64/v8" to "linux/arm64" and "linux/amd64/v1" to
# "linux/amd64" before it compares, go-containerregistry v0.22.1 compares the strings. An index whose entries carry no variant, as
# most have it, matches linux/arm64/v8 in containerd and not in go-containerregistry. Output seen on 2026-11-27:
#   asked linux/arm64/v8, entry linux/arm64: containerd true, go-containerregistry false
#   asked linux/arm64, entry linux/arm64/v8: containerd true, go-containerregistry true
#   asked linux/amd64/v1, entry linux/amd64: containerd true, go-containerregistry false
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod GOWORK=off
cat >go.mod <<'M'
module finding

go 1.25

require (
	github.com/containerd/platforms v1.0.0-rc.5
	github.com/google/go-containerregistry v0.22.1
)
M
cat >main.go <<'M'
package main

import (
	"fmt"
	"log"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func main() {
	for _, pair := range [][2]string{
		{"linux/arm64/v8", "linux/arm64"},
		{"linux/arm64", "linux/arm64/v8"},
		{"linux/amd64/v1", "linux/amd64"},
	} {
		asked, err := v1.ParsePlatform(pair[0])
		check(err)
		entry, err := v1.ParsePlatform(pair[1])
		check(err)
		matcher := platforms.Only(platforms.MustParse(pair[0]))
		fmt.Printf("asked %s, entry %s: containerd %v, go-containerregistry %v\n", pair[0], pair[1],
			matcher.Match(platforms.MustParse(pair[1])), entry.Satisfies(*asked))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
M
go mod tidy >/dev/null 2>&1
go run . | tee seen
cat >expected <<'W'
asked linux/arm64/v8, entry linux/arm64: containerd true, go-containerregistry false
asked linux/arm64, entry linux/arm64/v8: containerd true, go-containerregistry true
asked linux/amd64/v1, entry linux/amd64: containerd true, go-containerregistry false
W
diff expected seen
