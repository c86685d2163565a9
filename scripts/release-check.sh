#!/usr/bin/env bash
# Builds HEAD twice as a release is built, from two clones in folders of different names and with two empty build caches, and
# compares the binaries byte by byte. PLATFORMS="linux/amd64 windows/arm64" asks for others than this machine's.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
go="${GO:-go}"
platforms="${PLATFORMS:-$("$go" env GOOS)/$("$go" env GOARCH)}"

work="$(mktemp -d)"
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

# build FOLDER CACHE: what .goreleaser.yml does, without goreleaser
build() {
  local folder="$1" cache="$2" platform
  git clone --quiet --no-local . "$folder"
  for platform in $platforms; do
    (
      cd "$folder"
      commit="$(git rev-parse HEAD)"
      GOCACHE="$cache" CGO_ENABLED=0 GOWORK=off GOFLAGS= GOOS="${platform%/*}" GOARCH="${platform#*/}" \
        "$go" build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=0.0.0-check -X main.commit=${commit:0:12}" \
        -o "out/${platform//\//_}/provider" .
    )
  done
}

build "$work/one" "$work/cache-one"
build "$work/another/folder with a longer name" "$work/cache-two"
for platform in $platforms; do
  binary="out/${platform//\//_}/provider"
  cmp "$work/one/$binary" "$work/another/folder with a longer name/$binary"
  if grep -qaF "$work" "$work/one/$binary"; then
    echo "the binary for $platform holds the path of its build"
    exit 1
  fi
  echo "$platform: $(sha256sum <"$work/one/$binary" | cut -d' ' -f1), twice the same $(wc -c <"$work/one/$binary") bytes"
done
