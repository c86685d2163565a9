variable "image" {
  type        = string
  description = "Reference of the image that the Pods run."
}

variable "cached_images" {
  type        = list(string)
  description = "References of the images that the cache holds, the Pods' own among them, written as there."
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
