variable "images" {
  type        = list(string)
  description = "References of all images that a Pod runs, as they stand in its containers."

  validation {
    condition     = length(var.images) > 0
    error_message = "Name one image at least."
  }
}

variable "use_cache" {
  type        = bool
  description = "Whether Pods start from an image cache. If not, they pull the images onto a system disk that is large enough."
  default     = true
}

variable "pin_cache" {
  type        = bool
  description = "Whether Pods name the cache by its id. If not, they say auto: the service looks for a cache with their images, and a Pod without a match pulls onto a system disk of the same size. Then a cache that is built again rolls no Deployment out."
  default     = true
}

variable "vpc_id" {
  type        = string
  description = "VPC in which the cache is built. Needed with a cache."
  default     = null
}

variable "subnet_id" {
  type        = string
  description = "Subnet in which the cache is built; it needs a route to the registry. Needed with a cache."
  default     = null
}

variable "security_group_ids" {
  type        = set(string)
  description = "Security groups of the instance that builds the cache."
  default     = null
}

variable "cache_name" {
  type        = string
  description = "Name of the cache. Default: one that the provider makes up, so that a cache and its successor differ."
  default     = null
}

variable "retention_days" {
  type        = number
  description = "Days after which the service deletes the cache; 0 keeps it."
  default     = 0
}

variable "tags" {
  type        = map(string)
  description = "Tags of the cache."
  default     = null
}

variable "writable_gib" {
  type        = number
  description = "What a Pod writes to its disk, in GiB."
  default     = 0
}

variable "max_disk_gib" {
  type        = number
  description = "The largest disk of a Pod that needs no approval, in GiB. A plan that needs more fails. Default: any."
  default     = null
}
