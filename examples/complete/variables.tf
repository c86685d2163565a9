variable "images" {
  type        = list(string)
  description = "References of the images that the Pods run, large ones and small ones."
}

variable "vpc_id" {
  type        = string
  description = "VPC in which the cache is built."
}

variable "subnet_id" {
  type        = string
  description = "Subnet in which the cache is built. It needs a route to the registry."
}

variable "size_gib" {
  type        = number
  description = "Size of the cache in GiB. Default: what the images need."
  default     = null
}
