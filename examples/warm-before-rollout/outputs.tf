output "caches" {
  description = "Image to the id and status of its cache."
  value       = { for image, cache in tkeimage_cache.release : image => "${cache.id}: ${cache.status}" }
}
