variable "root_disk_size_gib" {
  type        = number
  description = "Size of every Pod's system disk in GiB. Default: none; Pods start from a cache that matches their images, if there is one."
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
