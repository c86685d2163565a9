variable "workloads" {
  type = map(object({
    images          = list(string)
    pods            = number
    hours_per_month = optional(number, 730)
    writable_gib    = optional(number, 0)
    use_cache       = optional(bool, false)
  }))
  description = "By name: the images of a Pod, how many Pods run at the same time and for how many hours of a month, what each writes in GiB, and whether they start from a cache."
}

variable "monthly_budget" {
  type        = number
  description = "The most that all disks and snapshots may cost in a month, in the currency of the prices."
}

variable "disk_price_gib_month" {
  type        = number
  description = "Price of one GiB of cloud disk for a month, such as price_gib_month of tkeimage_disk_price."
}

variable "snapshot_price_gib_month" {
  type        = number
  description = "Price of one GiB of snapshot for a month, from the price list."
}
