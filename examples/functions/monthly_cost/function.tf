# Ten Pods with a disk of 50 GiB that run half of the month. The prices are inputs: take them from your own price list, or
# from data source tkeimage_disk_price.
output "cost" {
  value = provider::tkeimage::monthly_cost({
    size_gib                 = 50
    pods                     = 10
    hours_per_month          = 365
    disk_price_gib_month     = 0.35
    snapshot_price_gib_month = 0.12
  })
}
