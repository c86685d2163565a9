# Caches that hold an image and can be used, the newest first.
data "tkeimage_caches" "llm" {
  image  = "registry.example.com/llm:v1"
  status = "Ready"
}

output "ids" {
  value = data.tkeimage_caches.llm.caches[*].id
}

# Caches of a team that no Pod has used for a month.
data "tkeimage_caches" "stale" {
  tags            = { team = "ml" }
  unused_for_days = 30
}

# Caches that the service made by itself. Nothing removes them, and their snapshots are billed.
data "tkeimage_caches" "automatic" {
  type            = "auto"
  unused_for_days = 30
}

# What they hold, and since when nothing has used them.
output "removable" {
  value = {
    for cache in concat(data.tkeimage_caches.stale.caches, data.tkeimage_caches.automatic.caches) : cache.id =>
    "${cache.size_gib} GiB, last used ${coalesce(cache.last_matched_at, "never")}: ${join(", ", cache.images)}"
  }
}
