# Credentials and region come from the environment, as for the official provider:
# TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_REGION.
provider "tkeimage" {}

# How much disk do the images need? This asks the registry and needs no cloud.
data "tkeimage_root_disk_size" "this" {
  images = var.images
}

# The cache: pulled once, and every Pod starts from a copy of its disk.
resource "tkeimage_cache" "this" {
  images         = var.images
  vpc_id         = var.vpc_id
  subnet_id      = var.subnet_id
  size_gib       = coalesce(var.size_gib, data.tkeimage_root_disk_size.this.size_gib)
  retention_days = 90

  # When a tag moves, a new cache is built first, and then the old one goes.
  image_digests = data.tkeimage_root_disk_size.this.digests

  tags = {
    managed-by = "terraform"
  }

  lifecycle {
    create_before_destroy = true
  }
}
