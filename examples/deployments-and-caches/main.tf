# Which Deployments of a cluster would find a cache with use-image-cache: auto, and what do the others need? The list is what
# kubectl prints, so that this needs no access to the cluster:
#
#   kubectl get deployments --all-namespaces -o json >deployments.json
#
# Nothing is created: `terraform plan` answers. Credentials and region come from the environment: TENCENTCLOUD_SECRET_ID,
# TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_REGION.
provider "tkeimage" {}

locals {
  # Namespace and name to the images of a Pod, those of its init containers among them.
  deployments = {
    for deployment in jsondecode(file(var.deployments_file)).items :
    "${deployment.metadata.namespace}/${deployment.metadata.name}" => sort(distinct([
      for container in concat(
        deployment.spec.template.spec.containers,
        try(deployment.spec.template.spec.initContainers, []),
      ) : container.image
    ]))
  }

  without_cache = {
    for deployment, images in local.deployments :
    deployment => images if !data.tkeimage_cache_match.auto[deployment].found
  }
}

data "tkeimage_cache_match" "auto" {
  for_each = local.deployments
  images   = each.value
}

# What a Pod pulls that finds no cache, and writes.
data "tkeimage_root_disk_size" "without_cache" {
  for_each = local.without_cache

  images       = each.value
  writable_gib = var.writable_gib
}

check "default_disks_suffice" {
  assert {
    condition     = alltrue([for size in data.tkeimage_root_disk_size.without_cache : size.fits_default_disk])
    error_message = "These Deployments find no cache, and their Pods do not fit the default disk of 20 GiB: ${join(", ", [for deployment, size in data.tkeimage_root_disk_size.without_cache : "${deployment} (${size.size_gib} GiB)" if !size.fits_default_disk])}."
  }
}
