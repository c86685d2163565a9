# A cache of a tag that moves, rebuilt on a schedule: examples/ci/github/rebuild.yml invokes the action every Sunday.
#
#   terraform apply -invoke=action.tkeimage_cache_rebuild.weekly
#
# Credentials and region come from the environment: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_REGION.
resource "tkeimage_cache" "this" {
  images    = [var.image]
  vpc_id    = var.vpc_id
  subnet_id = var.subnet_id
  size_gib  = var.size_gib
}

action "tkeimage_cache_rebuild" "weekly" {
  config {
    id      = tkeimage_cache.this.id
    timeout = "90m"
  }
}
