variable "image_cache" {
  type        = bool
  description = "Whether Pods start from a cache that matches their images, where there is one."
  default     = true
}

variable "root_disk_size_gib" {
  type        = number
  description = "Size in GiB of the system disk of every Pod that starts from no cache. Default: 20, which is free."
  default     = null
}

variable "http_registries" {
  type        = list(string)
  description = "Registries that speak plain HTTP."
  default     = []
}

variable "other_data" {
  type        = map(string)
  description = "What the ConfigMap holds besides."
  default     = {}
}
