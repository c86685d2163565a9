# Only a larger disk, no cache: this asks the registry and needs no cloud credentials. The cluster comes from the
# environment: KUBE_CONFIG_PATH, or KUBE_HOST and KUBE_TOKEN.
provider "tkeimage" {}

provider "kubernetes" {}

data "tkeimage_root_disk_size" "app" {
  images       = [var.image]
  writable_gib = var.writable_gib
}

resource "kubernetes_deployment" "app" {
  metadata {
    name      = var.name
    namespace = var.namespace
  }

  spec {
    selector {
      match_labels = { app = var.name }
    }

    template {
      metadata {
        labels = { app = var.name }

        # Empty where the free disk serves, so that the cluster's default still counts.
        annotations = data.tkeimage_root_disk_size.app.pod_annotations
      }

      spec {
        node_selector = { "node.kubernetes.io/instance-type" = "eklet" } # a super node

        container {
          name              = "app"
          image             = var.image
          image_pull_policy = "IfNotPresent"
        }
      }
    }
  }
}
