# Caches that no Pod has used for a while, and those that the service made by itself: nothing removes either, and their
# snapshots are billed. The plan lists them. To delete some, name their ids in var.remove, apply, which imports them and
# changes nothing, then leave var.remove empty and apply again, which destroys them: both plans can be reviewed.
#
#   terraform apply -var 'remove=["imc-r1htp8tg"]'
#   terraform apply
#
# A cache that another state holds is removed there, with its resource. Credentials and region come from the environment:
# TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_REGION.
provider "tkeimage" {}

# Of a team, by its tags.
data "tkeimage_caches" "stale" {
  type            = "manual"
  tags            = var.tags
  unused_for_days = var.unused_for_days
}

data "tkeimage_caches" "automatic" {
  type            = "auto"
  unused_for_days = var.unused_for_days
}

data "tkeimage_cache" "removed" {
  for_each = var.remove
  id       = each.key
}

import {
  for_each = var.remove
  to       = tkeimage_cache.removed[each.key]
  id       = each.key
}

resource "tkeimage_cache" "removed" {
  for_each = var.remove

  images         = data.tkeimage_cache.removed[each.key].images
  retention_days = data.tkeimage_cache.removed[each.key].retention_days
  tags           = try(length(data.tkeimage_cache.removed[each.key].tags), 0) > 0 ? data.tkeimage_cache.removed[each.key].tags : null
}
