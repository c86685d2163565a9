# Several teams, each with its own images and its own way: a cache for who starts Pods often, a larger disk for the others.
#
# Credentials, region and cluster come from the environment; see ../large-model-with-cache.
provider "tkeimage" {}

provider "kubernetes" {}

module "network" {
  source      = "../modules/network"
  subnet_name = var.subnet_name
}

module "images" {
  source   = "../modules/large-image"
  for_each = var.teams

  images       = [each.value.image]
  use_cache    = each.value.use_cache
  writable_gib = each.value.writable_gib
  max_disk_gib = each.value.max_disk_gib

  vpc_id    = module.network.vpc_id
  subnet_id = module.network.subnet_id
  tags      = { team = each.key }
}

resource "kubernetes_deployment" "app" {
  for_each = var.teams

  metadata {
    name      = each.key
    namespace = var.namespace
  }

  spec {
    selector {
      match_labels = { app = each.key }
    }

    template {
      metadata {
        labels      = { app = each.key }
        annotations = module.images[each.key].pod_annotations
      }

      spec {
        node_selector = { "node.kubernetes.io/instance-type" = "eklet" } # a super node

        container {
          name              = "app"
          image             = each.value.image
          image_pull_policy = "IfNotPresent" # Always would ask the registry at each start
        }
      }
    }
  }
}
