variable "images" {
  type        = list(string)
  description = "References of the images, as Pods name them: by their registry, not by the mirror."
}

variable "mirrors" {
  type        = map(list(string))
  description = "Mirrors by the host that they stand in for, in the order in which they are asked."
  default = {
    "docker.io" = ["mirror.ccs.tencentyun.com"] # within Tencent Cloud's networks
  }
}

variable "registry_hosts_dir" {
  type        = string
  description = "Directory in containerd's certs.d layout; null where there is none."
  default     = null
}
