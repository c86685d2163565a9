variable "image" {
  type        = string
  description = "Reference of the image, with a tag that moves."
}

variable "use_cache" {
  type        = bool
  description = "Whether the Pods start from an image cache, or pull the image onto a disk that is large enough."
  default     = true
}

variable "subnet_name" {
  type        = string
  description = "Subnet in which the cache is built. It needs a route to the registry."
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
