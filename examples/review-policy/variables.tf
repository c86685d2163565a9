variable "image" {
  type        = string
  description = "Reference of the image that the Pods run."
}

variable "disk_gib" {
  type        = number
  description = "Size of each Pod's system disk in GiB."
  default     = 20
}

variable "budget_gib" {
  type        = number
  description = "The most GiB, of all Pods together, that may be billed."
  default     = 100
}

variable "writable_gib" {
  type        = number
  description = "What a Pod writes to its disk, in GiB."
  default     = 0
}

variable "replicas" {
  type        = number
  description = "How many Pods run."
  default     = 2
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
