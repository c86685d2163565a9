data "tkeimage_root_disk_size" "llm" {
  images = ["registry.example.com/llm:v1"]
}

variable "registry_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "tkeimage_cache" "llm" {
  images    = data.tkeimage_root_disk_size.llm.images
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  size_gib  = data.tkeimage_root_disk_size.llm.size_gib

  # A tag that moves builds the cache again, the new one before the old one goes.
  image_digests = data.tkeimage_root_disk_size.llm.digests

  # Write-only: stored neither in the plan nor in the state. Raise the version when the password changes.
  registry_credentials = {
    "registry.example.com" = {
      username            = "robot"
      password_wo         = var.registry_password
      password_wo_version = 1
    }
  }

  # The builder's route to the registry, where the subnet has no NAT gateway.
  auto_eip = {
    bandwidth_mbps = 100
  }

  timeouts = {
    create = "90m"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# For spec.template.metadata.annotations of a kubernetes_deployment.
output "pod_annotations" {
  value = tkeimage_cache.llm.pod_annotations
}
