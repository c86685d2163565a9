variable "teams" {
  type = map(object({
    image        = string
    use_cache    = optional(bool, true)
    writable_gib = optional(number, 0)
    max_disk_gib = optional(number)
  }))
  description = "Each team's image, whether its Pods start from a cache, what they write, and the largest disk that they may have, in GiB."
}

variable "subnet_name" {
  type        = string
  description = "Subnet in which the caches are built. It needs a route to the registries."
}

variable "namespace" {
  type        = string
  description = "Namespace of the Deployments."
  default     = "default"
}
