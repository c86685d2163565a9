# Only a larger disk, no cache: this asks the registry and needs no cloud credentials.
provider "tkeimage" {}

data "tkeimage_root_disk_size" "this" {
  images       = var.images
  writable_gib = var.writable_gib

  lifecycle {
    postcondition {
      condition     = self.size_gib <= var.budget_gib
      error_message = "The images need a disk of ${self.size_gib} GiB, and the budget is ${var.budget_gib} GiB.\n\n${self.report}"
    }
  }
}

locals {
  # Nothing is said where the free disk serves, so that the cluster's default still counts.
  pod_annotations = provider::tkeimage::pod_annotations({
    root_disk_size_gib = data.tkeimage_root_disk_size.this.fits_default_disk ? null : data.tkeimage_root_disk_size.this.size_gib
  })
}

# The Pod needs a super node: node selector node.kubernetes.io/instance-type = eklet.
