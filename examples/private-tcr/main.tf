# Credentials and region come from the environment, as for the official provider.
provider "tkeimage" {}

# A password for the registry, made anew in each run. It stands in no plan and no state.
ephemeral "tkeimage_tcr_token" "this" {
  registry_id = var.registry_id
}

# Reads the private images. It is a provider configuration of its own, since the token comes from the first one.
provider "tkeimage" {
  alias = "private"

  registries = {
    (var.registry_host) = {
      username = ephemeral.tkeimage_tcr_token.this.username
      password = ephemeral.tkeimage_tcr_token.this.token
    }
  }
}

data "tkeimage_root_disk_size" "this" {
  provider = tkeimage.private
  images   = var.images
}

resource "tkeimage_cache" "this" {
  images        = var.images
  vpc_id        = var.vpc_id
  subnet_id     = var.subnet_id
  size_gib      = data.tkeimage_root_disk_size.this.size_gib
  image_digests = data.tkeimage_root_disk_size.this.digests

  # The builder pulls with the token, which is write-only here. Only the user name, the account's UIN, is in the state.
  registry_credentials = {
    (var.registry_host) = {
      username    = var.registry_username
      password_wo = ephemeral.tkeimage_tcr_token.this.token
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
