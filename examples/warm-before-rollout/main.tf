# The cache of the next release is built while the present one runs. Name the next image first, and apply: its cache is
# built, and the Deployment stays as it is. On the day, make it the image and apply: its Pods start from a cache that has
# long been Ready. The old release's cache goes last; keep it as long as you may have to roll back, as next_image.
#
# Credentials, region and cluster come from the environment; see ../large-model-with-cache.
provider "tkeimage" {}

provider "kubernetes" {}

module "network" {
  source      = "../modules/network"
  subnet_name = var.subnet_name
}

locals {
  images = toset(compact([var.image, var.next_image]))
}

data "tkeimage_root_disk_size" "release" {
  for_each = local.images
  images   = [each.key]
}

resource "tkeimage_cache" "release" {
  for_each = local.images

  images        = [each.key]
  vpc_id        = module.network.vpc_id
  subnet_id     = module.network.subnet_id
  size_gib      = data.tkeimage_root_disk_size.release[each.key].size_gib
  image_digests = data.tkeimage_root_disk_size.release[each.key].digests

  lifecycle {
    create_before_destroy = true # and what leaves goes after the Deployment's rollout
  }
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
        labels      = { app = var.name }
        annotations = tkeimage_cache.release[var.image].pod_annotations
      }

      spec {
        node_selector = { "node.kubernetes.io/instance-type" = "eklet" } # a super node

        container {
          name              = "app"
          image             = var.image
          image_pull_policy = "IfNotPresent" # Always would ask the registry at each start
        }
      }
    }
  }
}
