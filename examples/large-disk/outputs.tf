output "pod_annotations" {
  description = "Annotations for spec.template.metadata of a Deployment."
  value       = local.pod_annotations
}

output "eks_config" {
  description = "The same as a default for the whole cluster: data of ConfigMap eks-config in namespace kube-system."
  value       = { "pod.annotations" = provider::tkeimage::eks_config(local.pod_annotations) }
}

output "report" {
  description = "What the images weigh, as Markdown for a pull request."
  value       = data.tkeimage_root_disk_size.this.report
}
