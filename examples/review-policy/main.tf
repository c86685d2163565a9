# A policy for reviews. The disk is fixed in code, so that a larger one needs an approved change. When the image
# outgrows it, the plan fails before a Pod does; when it comes near, the plan warns.
#
# It needs no cloud credentials. The cluster comes from the environment: KUBE_CONFIG_PATH, or KUBE_HOST and KUBE_TOKEN.
provider "tkeimage" {}

provider "kubernetes" {}

data "tkeimage_root_disk_size" "app" {
  images       = [var.image]
  writable_gib = var.writable_gib
}

locals {
  needed_gib   = data.tkeimage_root_disk_size.app.size_gib
  billable_gib = max(var.disk_gib - 20, 0) * var.replicas # 20 GiB of every Pod are free
}

resource "kubernetes_deployment" "app" {
  metadata {
    name      = var.name
    namespace = var.namespace
  }

  spec {
    replicas = var.replicas

    selector {
      match_labels = { app = var.name }
    }

    template {
      metadata {
        labels      = { app = var.name }
        annotations = provider::tkeimage::pod_annotations({ root_disk_size_gib = var.disk_gib })
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

  lifecycle {
    precondition {
      condition     = local.needed_gib <= var.disk_gib
      error_message = "${var.image} needs a disk of ${local.needed_gib} GiB, and Pods of ${var.name} have ${var.disk_gib}.\n\n${data.tkeimage_root_disk_size.app.report}"
    }

    precondition {
      condition     = local.billable_gib <= var.budget_gib
      error_message = "${var.replicas} Pods of ${var.name} with ${var.disk_gib} GiB each are billed for ${local.billable_gib} GiB, and the budget is ${var.budget_gib}."
    }
  }
}

# A warning only: with ten points less of the disk to fill, would a larger one be needed?
check "room_left" {
  assert {
    condition     = provider::tkeimage::root_disk_size_gib(data.tkeimage_root_disk_size.app.required_bytes_max, var.writable_gib, 70) <= var.disk_gib
    error_message = "${var.image} nearly fills the disk of ${var.disk_gib} GiB."
  }
}
