output "pod_annotations" {
  description = "Annotations for spec.template.metadata of a Deployment, with a cache or without."
  value       = provider::tkeimage::pod_annotations(local.options)

  precondition {
    condition     = var.max_disk_gib == null || local.disk_size_gib <= coalesce(var.max_disk_gib, 0)
    error_message = "A Pod needs a disk of ${local.disk_size_gib} GiB, and max_disk_gib is ${coalesce(var.max_disk_gib, 0)}.\n\n${local.measured.report}"
  }
}

output "digests" {
  description = "Image as written to the digest that it stands for now. In a label of the Pod template, shortened, a tag that moves rolls the Deployment out."
  value       = local.measured.digests
}

output "pinned_images" {
  description = "Image as written to repository@digest."
  value       = local.measured.pinned_images
}

output "disk_size_gib" {
  description = "Size of a Pod's disk in GiB."
  value       = local.disk_size_gib
}

output "cache_id" {
  description = "Id of the image cache; null without one."
  value       = one(tkeimage_cache.this[*].id)
}

output "report" {
  description = "What the images weigh, as Markdown for a pull request."
  value       = local.measured.report
}
