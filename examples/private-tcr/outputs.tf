output "pod_annotations" {
  description = "Annotations for spec.template.metadata of a Deployment."
  value       = tkeimage_cache.this.pod_annotations
}
