# Another image is pushed under the same tag. Kubernetes does not notice: the Deployment says what it said before. With
# the digest in the Pod template, the next plan shows it all: which digest, the larger disk if the image grew, the cache that
# is built again, and the Deployment that rolls out once the new cache is there. The old cache goes last.
#
# Credentials, region and cluster come from the environment; see ../large-model-with-cache.
provider "tkeimage" {}

provider "kubernetes" {}

module "network" {
  source      = "../modules/network"
  subnet_name = var.subnet_name
}

module "image" {
  source = "../modules/large-image"

  images    = [var.image]
  use_cache = var.use_cache
  vpc_id    = module.network.vpc_id
  subnet_id = module.network.subnet_id
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
        labels = {
          app = var.name

          # A label and not an annotation, so that the plan shows it: a map with one unknown value, the new cache's id, is
          # "(known after apply)" as a whole. A label takes 63 characters, one less than a digest has.
          image-digest = substr(trimprefix(module.image.digests[var.image], "sha256:"), 0, 12)
        }

        annotations = module.image.pod_annotations
      }

      spec {
        node_selector = { "node.kubernetes.io/instance-type" = "eklet" } # a super node

        container {
          name              = "app"
          image             = var.image      # by tag, since that is how Pods match a cache
          image_pull_policy = "IfNotPresent" # Always would ask the registry at each start
        }
      }
    }
  }
}
