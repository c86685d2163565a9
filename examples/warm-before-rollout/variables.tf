variable "image" {
  type        = string
  description = "Reference of the image that the Pods run."
}

variable "next_image" {
  type        = string
  description = "Reference of an image that gets a cache and does not run: the next release, or the one to roll back to."
  default     = null
}

variable "subnet_name" {
  type        = string
  description = "Subnet in which the caches are built. It needs a route to the registry."
}

variable "name" {
  type        = string
  description = "Name of the Deployment."
  default     = "app"
}

variable "namespace" {
  type        = string
  description = "Namespace of the Deployment."
  default     = "default"
}
