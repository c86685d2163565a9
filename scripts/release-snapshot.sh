#!/usr/bin/env bash
# Does everything that a release does but publish it, and then what a user does with it: checks .goreleaser.yml, builds all archives,
# signs with a key of the moment, verifies signature, checksums and contents, installs this machine's archive from a filesystem
# mirror as it is, and plans the README's first configuration with it.
# usage: scripts/release-snapshot.sh GORELEASER
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
releaser="$1"
command -v gpg >/dev/null || { echo "gpg is needed to sign" >&2; exit 1; }

work="$(mktemp -d)"
export GNUPGHOME="$work/gpg"
trap 'gpgconf --kill all 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'Snapshot of tkeimage <snapshot@example.com>' rsa3072 sign never
GPG_FINGERPRINT="$(gpg --batch --list-secret-keys --with-colons | awk -F: '/^fpr/ {print $10; exit}')"
export GPG_FINGERPRINT

"$releaser" check
"$releaser" release --snapshot --clean --parallelism "${PARALLELISM:-2}"

cd dist
sums="$(echo terraform-provider-tkeimage_*_SHA256SUMS)"
version="${sums#terraform-provider-tkeimage_}"
version="${version%_SHA256SUMS}"

# As SECURITY.md tells a user who has nothing yet: the key and its fingerprint, then the signature.
gpg --batch --armor --export "$GPG_FINGERPRINT" >"$work/tkeimage.asc"
mkdir -m 700 "$work/user"
gpg --homedir "$work/user" --batch --quiet --show-keys --with-fingerprint "$work/tkeimage.asc" | tr -d ' ' | grep -q "$GPG_FINGERPRINT" ||
  { echo "the key does not show its fingerprint"; exit 1; }
gpg --homedir "$work/user" --batch --quiet --import "$work/tkeimage.asc"
gpg --homedir "$work/user" --batch --quiet --verify "$sums.sig" "$sums"

cp ../terraform-registry-manifest.json "terraform-provider-tkeimage_${version}_manifest.json" # a snapshot uploads nothing, so nothing was renamed
sha256sum --quiet --check "$sums"

# All that the registries expect, by name.
for platform in darwin_amd64 darwin_arm64 freebsd_386 freebsd_amd64 freebsd_arm freebsd_arm64 linux_386 linux_amd64 linux_arm linux_arm64 \
  windows_386 windows_amd64 windows_arm64; do
  archive="terraform-provider-tkeimage_${version}_$platform.zip"
  grep -q " $archive\$" "$sums" || { echo "no checksum of $archive"; exit 1; }
  binary="terraform-provider-tkeimage_v$version"
  case "$platform" in windows_*) binary="$binary.exe" ;; esac
  listed="$(unzip -Z1 "$archive" | sort | tr '\n' ' ')"
  wanted="LICENSE THIRD_PARTY_LICENCES.txt $binary "
  [ "$listed" = "$wanted" ] || { echo "$archive holds: $listed; wanted: $wanted"; exit 1; }
done
grep -q " terraform-provider-tkeimage_${version}_manifest.json\$" "$sums" || { echo "no checksum of the manifest"; exit 1; }
cd ..

# A packed mirror takes the archives as they are published.
. scripts/test-env.sh
for host in registry.terraform.io registry.opentofu.org; do
  mkdir -p "$work/mirror/$host/tkeimage/tkeimage"
  cp dist/*.zip "$work/mirror/$host/tkeimage/tkeimage/"
done
TKEIMAGE_RELEASE_MIRROR="$work/mirror" TKEIMAGE_RELEASE_VERSION="$version" \
  go -C lab test -count=1 -run 'TestReadme' ./docstest
echo "release-snapshot: $version has $(wc -l <"dist/$sums") checksums and a good signature, and its archive was installed and used with $TKEIMAGE_CLI_TITLE"
