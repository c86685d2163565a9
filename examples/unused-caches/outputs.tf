output "unused" {
  description = "Id to what the cache holds, and since when nothing has used it."
  value = {
    for cache in concat(data.tkeimage_caches.stale.caches, data.tkeimage_caches.automatic.caches) : cache.id =>
    "${coalesce(cache.type, "manual")}, ${cache.size_gib} GiB, last used ${coalesce(cache.last_matched_at, "never")}: ${join(", ", cache.images)}"
  }
}

output "unused_gib" {
  description = "Size of all of them together; their snapshots are billed by what they hold, which is this at most."
  value       = sum(concat([0], [for cache in concat(data.tkeimage_caches.stale.caches, data.tkeimage_caches.automatic.caches) : cache.size_gib]))
}
