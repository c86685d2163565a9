# Sizes of images whose registry cannot be reached from here, or slowly, as Docker Hub from mainland China: a mirror has
# them. It is named in one of two ways. Images keep their names, and no cloud credentials are needed.
provider "tkeimage" {
  # In the configuration, which all machines share. The registry itself is asked last. These come first.
  registries = { for host, mirrors in var.mirrors : host => { mirrors = mirrors } }

  # Or as nodes have it, in containerd's files: /etc/containerd/certs.d. The folder certs.d beside this one is like it.
  registry_hosts_dir = var.registry_hosts_dir
}

data "tkeimage_root_disk_size" "app" {
  images = var.images
}
