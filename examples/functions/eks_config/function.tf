# The data of ConfigMap eks-config in namespace kube-system: what all Pods of the cluster get that do not say otherwise.
output "eks_config" {
  value = {
    "pod.annotations" = provider::tkeimage::eks_config(provider::tkeimage::pod_annotations({
      image_cache = "auto"
    }))
  }
}
