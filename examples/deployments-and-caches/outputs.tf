output "caches" {
  description = "Deployment to the id of the cache that its Pods would start from; null for none."
  value       = { for deployment, match in data.tkeimage_cache_match.auto : deployment => try(match.cache.id, null) }
}

output "without_cache" {
  description = "Deployment without a cache to the disk that its images need, in GiB."
  value       = { for deployment, size in data.tkeimage_root_disk_size.without_cache : deployment => size.size_gib }
}
