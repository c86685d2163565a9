output "monthly_costs" {
  description = "What each workload costs in a month, as it is and with either remedy."
  value = {
    for name, cost in local.costs : name => {
      now         = local.chosen[name]
      image_cache = cost.image_cache
      root_disk   = cost.root_disk
      size_gib    = data.tkeimage_root_disk_size.workload[name].size_gib
    }
  }
}
