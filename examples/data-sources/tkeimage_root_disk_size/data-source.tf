data "tkeimage_root_disk_size" "llm" {
  images       = ["registry.example.com/llm:v1", "registry.example.com/sidecar:v3"]
  writable_gib = 5
}

# For a pull request, or for people.
output "report" {
  value = data.tkeimage_root_disk_size.llm.report
}

# For spec.template.metadata.annotations of a kubernetes_deployment that uses no cache.
output "pod_annotations" {
  value = data.tkeimage_root_disk_size.llm.pod_annotations
}

# A plan that does not depend on a registry which is slow, or down for an hour.
data "tkeimage_root_disk_size" "robust" {
  images         = ["registry.example.com/llm:v1"]
  stale_if_error = true
  timeouts       = { read = "3m" }
}
