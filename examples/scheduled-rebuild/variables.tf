variable "image" {
  type        = string
  description = "Reference of the image, with a tag that moves."
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
  description = "Size of the cache in GiB, with room for what the tag will point to."
  default     = 40
}
