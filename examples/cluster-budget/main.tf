# What the disks of all workloads of a cluster cost in a month, against a budget. The check warns with each plan; a
# pipeline that shall stop reads its status: terraform show -json plan.out | jq '.checks'.
#
# Only registries are asked: no cloud credentials, no cluster.
provider "tkeimage" {}

data "tkeimage_root_disk_size" "workload" {
  for_each = var.workloads

  images       = each.value.images
  writable_gib = each.value.writable_gib
}

locals {
  costs = {
    for name, workload in var.workloads : name => provider::tkeimage::monthly_cost({
      size_gib                 = data.tkeimage_root_disk_size.workload[name].size_gib
      pods                     = workload.pods
      hours_per_month          = workload.hours_per_month
      disk_price_gib_month     = var.disk_price_gib_month
      snapshot_price_gib_month = var.snapshot_price_gib_month
    })
  }

  chosen = { for name, cost in local.costs : name => var.workloads[name].use_cache ? cost.image_cache : cost.root_disk }
  total  = sum(concat([0], values(local.chosen)))

  dearer = [
    for name, cost in local.costs : name
    if cost.cheaper == (var.workloads[name].use_cache ? "root_disk" : "image_cache")
  ]
}

check "monthly_budget" {
  assert {
    condition     = local.total <= var.monthly_budget
    error_message = <<-EOT
      Disks and snapshots cost ${format("%.2f", local.total)} a month, and the budget is ${var.monthly_budget}:
      ${join("\n", [for name, cost in local.chosen : "- ${name}: ${format("%.2f", cost)}, ${var.workloads[name].pods} Pods of ${data.tkeimage_root_disk_size.workload[name].size_gib} GiB"])}
      The other remedy, cache or disk, is cheaper for: ${length(local.dearer) > 0 ? join(", ", local.dearer) : "none of them"}.
    EOT
  }
}
