# What all Pods of a cluster get on super nodes, unless their own annotations say otherwise.
#
# The cluster comes from the environment: KUBE_CONFIG_PATH, or KUBE_HOST and KUBE_TOKEN. If the ConfigMap is there already,
# import it first, with its other keys in other_data:
#
#   terraform import kubernetes_config_map.eks_config kube-system/eks-config
provider "tkeimage" {}

provider "kubernetes" {}

locals {
  pod_annotations = provider::tkeimage::pod_annotations({
    # Any cache that matches; and for Pods that find none, a system disk that is large enough.
    image_cache        = var.image_cache ? "auto" : null
    root_disk_size_gib = var.root_disk_size_gib

    http_registries = var.http_registries
  })
}

resource "kubernetes_config_map" "eks_config" {
  metadata {
    name      = "eks-config"
    namespace = "kube-system"
  }

  data = merge(var.other_data, {
    "pod.annotations" = provider::tkeimage::eks_config(local.pod_annotations)
  })
}
