variable "unused_for_days" {
  type        = number
  description = "For how many days no Pod has started from a cache; one that was never used counts from its creation."
  default     = 30
}

variable "tags" {
  type        = map(string)
  description = "Tags of the caches that are looked at. Default: those of all teams."
  default     = null
}

variable "remove" {
  type        = set(string)
  description = "Ids of caches to take over, so that the next apply without them deletes them. No other state may hold them."
  default     = []
}
