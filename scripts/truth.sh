#!/usr/bin/env bash
# Holds the number against a real containerd; lab/truth/doc.go says how. Needs root and Linux, and on Debian installs what
# is missing. Arguments go to the program: -short, -only REGEXP, -write FILE, -guide, -timeout 3h, -cache FOLDER, -keep.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
  echo "this needs Linux and root: it formats and mounts file systems" >&2
  exit 1
fi

packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); }
need buildah buildah
need containerd containerd
need ctr containerd
need debootstrap debootstrap
need mkfs.ext4 e2fsprogs
need npm npm
need pigz pigz
need runc runc
need skopeo skopeo
need umoci umoci
need unshare util-linux
need zstd zstd
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || packages+=(debian-archive-keyring)
if [ "${#packages[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "please install: ${packages[*]}" >&2; exit 1; }
  echo "installing ${packages[*]}" >&2
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" >&2
fi

mkdir -p bin
"${GO:-go}" -C lab build -o ../bin/truth ./truth

# First the count of blocks and inodes alone, against ext4 and no containerd: wherever that test lies, it has to run.
counted="$(TKEIMAGE_ROOT_TESTS=1 unshare --mount "${GO:-go}" test -count=1 -v -run '^TestCountAgreesWithExt4$' ./internal/layersize/... 2>&1)" &&
  grep -q -- '^--- PASS: TestCountAgreesWithExt4' <<<"$counted" || { echo "$counted" >&2; exit 1; }

# In a namespace of its own: however this ends, the kernel unmounts what was mounted and gives the loop devices back.
export TKEIMAGE_REGISTRY_BIN="${TKEIMAGE_REGISTRY_BIN:-$PWD/bin/registry}"
exec unshare --mount bin/truth "$@"
