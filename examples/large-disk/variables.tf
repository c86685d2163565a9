variable "images" {
  type        = list(string)
  description = "References of all images that the Pod runs."
}

variable "writable_gib" {
  type        = number
  description = "What the containers write to the disk, in GiB."
  default     = 0
}

variable "budget_gib" {
  type        = number
  description = "The largest disk that nobody has to be asked for, in GiB. Only what is above 20 is billed."
  default     = 100
}
