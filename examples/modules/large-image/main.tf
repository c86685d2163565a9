data "tkeimage_root_disk_size" "this" {
  images = var.images
}

locals {
  measured = data.tkeimage_root_disk_size.this

  # The images, and what the Pods write beside them.
  disk_size_gib = provider::tkeimage::root_disk_size_gib(local.measured.required_bytes_max, var.writable_gib, null)

  options = {
    image_cache = var.use_cache ? (var.pin_cache ? one(tkeimage_cache.this[*].id) : "auto") : null

    # A cache has room for the images alone, so a Pod that writes more than that leaves gets a larger disk.
    image_cache_disk_size_gib = var.use_cache && local.disk_size_gib > local.measured.size_gib ? local.disk_size_gib : null

    # The system disk serves without a cache, and as the fallback of "auto" when none matches. 20 GiB of it are free.
    root_disk_size_gib = !(var.use_cache && var.pin_cache) && local.disk_size_gib > 20 ? local.disk_size_gib : null
  }
}

resource "tkeimage_cache" "this" {
  count = var.use_cache ? 1 : 0

  name               = var.cache_name
  images             = var.images
  size_gib           = local.measured.size_gib
  vpc_id             = var.vpc_id
  subnet_id          = var.subnet_id
  security_group_ids = var.security_group_ids
  retention_days     = var.retention_days
  tags               = var.tags

  # A tag that moves builds the cache again, the new one before the old one goes.
  image_digests = local.measured.digests

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = var.vpc_id != null && var.subnet_id != null
      error_message = "A cache is built in a subnet: set vpc_id and subnet_id, or use_cache = false for a larger disk instead."
    }
  }
}
