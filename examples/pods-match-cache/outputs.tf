output "cache_id" {
  description = "Id of the cache that the Pods should start from."
  value       = tkeimage_cache.app.id
}
