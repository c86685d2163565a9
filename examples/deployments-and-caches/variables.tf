variable "deployments_file" {
  type        = string
  description = "File with a list of Deployments as JSON, as kubectl prints it."
  default     = "deployments.json"
}

variable "writable_gib" {
  type        = number
  description = "What a Pod writes to its disk, in GiB."
  default     = 0
}
