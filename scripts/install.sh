#!/usr/bin/env bash
# install.sh VERSION BINARY: puts a build of the provider where Terraform and OpenTofu look before they ask a registry (the implied
# local mirror), under the names of both registries. `terraform init` then finds it beside the providers that it downloads.
# install.sh without arguments takes every such build away again.
# https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
set -euo pipefail

# A folder that both CLIs search and that neither takes for its own configuration. OpenTofu looks for its credentials in
# ~/.terraform.d as soon as there is such a folder, even where XDG_CONFIG_HOME names another.
case "$(uname -s)" in
  Darwin) plugins="$HOME/Library/Application Support/io.terraform/plugins" ;;
  MINGW* | MSYS* | CYGWIN*) plugins="$(cygpath -u "$APPDATA")/HashiCorp/Terraform/plugins" ;;
  *) plugins="${XDG_DATA_HOME:-$HOME/.local/share}/terraform/plugins" ;;
esac

for registry in registry.terraform.io registry.opentofu.org; do
  rm -rf "${plugins:?}/$registry/tkeimage/tkeimage"
done
if [ $# -eq 0 ]; then
  echo "Removed the provider from $plugins. The next 'terraform init -upgrade' asks the registry."
  exit
fi

version="$1"
binary="$2"
target="$(go env GOOS)_$(go env GOARCH)"
for registry in registry.terraform.io registry.opentofu.org; do
  folder="$plugins/$registry/tkeimage/tkeimage/$version/$target"
  mkdir -p "$folder"
  cp "$binary" "$folder/terraform-provider-tkeimage_v$version$(go env GOEXE)"
done

cat <<TEXT
Installed version $version in $plugins.

A configuration that names the source tkeimage/tkeimage uses it after:

  terraform init -upgrade

Of a build of your own, init warns that the lock file has the checksums of one platform. Other providers are downloaded as
before. To go back to the registry: make uninstall.
TEXT

# Where a CLI configuration says where providers come from, that folder is searched only if the configuration names it.
for configuration in "${USER_CLI_CONFIG:-}" "$HOME/.terraformrc" "$HOME/.tofurc" "${XDG_CONFIG_HOME:-$HOME/.config}/opentofu/tofurc"; do
  if [ -f "$configuration" ] && grep -q '^[[:space:]]*provider_installation' "$configuration"; then
    cat <<TEXT

$configuration has a block provider_installation. Add this folder to it:

  filesystem_mirror {
    path    = "$plugins"
    include = ["tkeimage/tkeimage"]
  }

and exclude = ["tkeimage/tkeimage"] to its other entries.
TEXT
  fi
done
