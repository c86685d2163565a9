output "recommended_size_gib" {
  description = "Disk that the images need, in GiB."
  value       = data.tkeimage_root_disk_size.this.size_gib
}

output "report" {
  description = "What the images weigh, as Markdown for a pull request."
  value       = data.tkeimage_root_disk_size.this.report
}

output "cache_id" {
  description = "Id of the image cache."
  value       = tkeimage_cache.this.id
}

output "pod_annotations" {
  description = "Annotations for spec.template.metadata of a Deployment whose Pods start from the cache."
  value       = tkeimage_cache.this.pod_annotations
}

output "pod_annotations_without_cache" {
  description = "The other remedy: annotations for a larger system disk instead of a cache."
  value       = data.tkeimage_root_disk_size.this.pod_annotations
}
