output "pod_annotations" {
  description = "What Pods get that do not say otherwise."
  value       = local.pod_annotations
}
