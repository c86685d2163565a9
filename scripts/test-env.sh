# Sourced by recipes: tells tests and the demonstration which programs to use.
#
# The testing library serves the provider from the test's own process, as hashicorp/tkeimage: the address that a
# configuration means when it names no source. The host that goes with it is the registry of the CLI in use.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cli="$("$root/scripts/tf-cli.sh")"
TKEIMAGE_CLI_TITLE="$("$cli" version | sed -n 1p)"

case "$TKEIMAGE_CLI_TITLE" in
  OpenTofu*) TF_ACC_PROVIDER_HOST=registry.opentofu.org ;;
  *) TF_ACC_PROVIDER_HOST=registry.terraform.io ;;
esac

export TKEIMAGE_CLI_TITLE TF_ACC_PROVIDER_HOST
unset TF_ACC_PROVIDER_NAMESPACE
export TF_ACC=1
export TF_ACC_TERRAFORM_PATH="$cli"
export TKEIMAGE_PROVIDER_BIN="$root/bin/terraform-provider-tkeimage"
export TKEIMAGE_REGISTRY_BIN="$root/bin/registry"
export TKEIMAGE_KUBERNETES_PROVIDER_BIN="$root/bin/terraform-provider-kubernetes"
# The CLIs that are there beside it, which a state travels through.
TKEIMAGE_OTHER_CLIS=
for other in "$(command -v terraform || true)" "$root"/bin/terraform-1.16 "$root"/bin/terraform-1.14 "$root"/bin/tofu; do
  if [ -x "$other" ]; then
    TKEIMAGE_OTHER_CLIS="${TKEIMAGE_OTHER_CLIS:+$TKEIMAGE_OTHER_CLIS:}$other"
  fi
done
export TKEIMAGE_OTHER_CLIS
if [ -x "$root/bin/terraform-experimental" ]; then
  export TKEIMAGE_EXPERIMENTAL_CLI="$root/bin/terraform-experimental"
fi
if [ -e "$root/bin/peers/installed" ]; then
  export TKEIMAGE_PEERS_DIR="$root/bin/peers"
fi
