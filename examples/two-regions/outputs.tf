output "pod_annotations" {
  description = "Annotations for spec.template.metadata of a Deployment, by the region of its cluster."
  value = {
    (var.first.region)  = module.first.pod_annotations
    (var.second.region) = module.second.pod_annotations
  }
}
