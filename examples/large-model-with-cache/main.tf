# A large model image whose Pods start at once: it is pulled a single time, into a cache, and every Pod starts from a copy
# of the cache's disk.
#
# Credentials and region come from the environment, the same for tkeimage and tencentcloud: TENCENTCLOUD_SECRET_ID,
# TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_REGION. So does the cluster: KUBE_CONFIG_PATH, or KUBE_HOST and KUBE_TOKEN.
provider "tkeimage" {}

provider "kubernetes" {}

module "network" {
  source      = "../modules/network"
  subnet_name = var.subnet_name
}

data "tkeimage_root_disk_size" "model" {
  images = [var.image]
}

resource "tkeimage_cache" "model" {
  images    = [var.image]
  vpc_id    = module.network.vpc_id
  subnet_id = module.network.subnet_id
  size_gib  = data.tkeimage_root_disk_size.model.size_gib

  # When the tag moves, a new cache is built, the Deployment goes over to it, and then the old one goes.
  image_digests = data.tkeimage_root_disk_size.model.digests

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # The cache has room for the image. A Pod that also writes gets a larger disk, made from the same cache.
  disk_size_gib = provider::tkeimage::root_disk_size_gib(data.tkeimage_root_disk_size.model.required_bytes_max, var.writable_gib, null)
}

resource "kubernetes_deployment" "model" {
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
        labels = { app = var.name }

        annotations = provider::tkeimage::pod_annotations({
          image_cache               = tkeimage_cache.model.id
          image_cache_disk_size_gib = local.disk_size_gib > data.tkeimage_root_disk_size.model.size_gib ? local.disk_size_gib : null
        })
      }

      spec {
        node_selector = { "node.kubernetes.io/instance-type" = "eklet" } # a super node

        container {
          name              = "model"
          image             = var.image
          image_pull_policy = "IfNotPresent" # Always would ask the registry at each start
        }
      }
    }
  }
}
