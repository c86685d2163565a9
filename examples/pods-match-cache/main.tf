# Pods that say "auto" start from whichever cache matches their images by name and tag. Which one is that? The check asks
# the service in each plan, and warns when it is not the cache that was made for them. A Pod that finds none pulls its image
# onto the system disk, which is large enough for it.
#
# Credentials, region and cluster come from the environment; see ../large-model-with-cache.
provider "tkeimage" {}

provider "kubernetes" {}

module "network" {
  source      = "../modules/network"
  subnet_name = var.subnet_name
}

data "tkeimage_root_disk_size" "app" {
  images = var.cached_images
}

# What a Pod needs that finds no cache.
data "tkeimage_root_disk_size" "pod" {
  images = [var.image]
}

resource "tkeimage_cache" "app" {
  images        = var.cached_images
  vpc_id        = module.network.vpc_id
  subnet_id     = module.network.subnet_id
  size_gib      = data.tkeimage_root_disk_size.app.size_gib
  image_digests = data.tkeimage_root_disk_size.app.digests

  lifecycle {
    create_before_destroy = true
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
        labels = { app = var.name }
        annotations = provider::tkeimage::pod_annotations({
          image_cache        = "auto"
          root_disk_size_gib = data.tkeimage_root_disk_size.pod.size_gib
        })
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

  # Pods made before there is a cache pull their image.
  depends_on = [tkeimage_cache.app]
}

# Asked once the cache is there. Outside the check block, because a data source within one is read again by every apply, and
# then no plan is empty.
data "tkeimage_cache_match" "app" {
  images     = [var.image]
  depends_on = [tkeimage_cache.app]
}

check "pods_match_their_cache" {
  assert {
    condition     = try(data.tkeimage_cache_match.app.cache.id, "") == tkeimage_cache.app.id
    error_message = "Pods of ${var.name} would ${data.tkeimage_cache_match.app.found ? "start from cache ${data.tkeimage_cache_match.app.cache.id}" : "find no cache, and pull ${var.image}"}. They were to start from ${tkeimage_cache.app.id}."
  }
}
