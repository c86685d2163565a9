output "pod_annotations" {
  description = "Annotations for spec.template.metadata of a Deployment whose Pods start from the cache."
  value       = tkeimage_cache.this.pod_annotations
}
