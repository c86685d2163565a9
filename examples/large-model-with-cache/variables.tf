variable "image" {
  type        = string
  description = "Reference of the model's image."
}

variable "subnet_name" {
  type        = string
  description = "Subnet in which the cache is built. It needs a route to the registry."
}

variable "writable_gib" {
  type        = number
  description = "What a Pod writes to its disk, in GiB."
  default     = 0
}

variable "name" {
  type        = string
  description = "Name of the Deployment."
  default     = "model"
}

variable "namespace" {
  type        = string
  description = "Namespace of the Deployment."
  default     = "default"
}

variable "replicas" {
  type        = number
  description = "How many Pods run."
  default     = 2
}
