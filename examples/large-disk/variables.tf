variable "image" {
  type        = string
  description = "Reference of the image that the Pods run."
}

variable "writable_gib" {
  type        = number
  description = "What a Pod writes to its disk, in GiB."
  default     = 0
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
