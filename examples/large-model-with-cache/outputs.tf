output "cache_id" {
  description = "Id of the image cache."
  value       = tkeimage_cache.model.id
}

output "report" {
  description = "What the image weighs, as Markdown for a pull request."
  value       = data.tkeimage_root_disk_size.model.report
}
