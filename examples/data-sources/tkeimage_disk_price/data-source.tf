data "tkeimage_root_disk_size" "llm" {
  images = ["registry.example.com/llm:v1"]
}

# What the account is asked for a disk of that size.
data "tkeimage_disk_price" "llm" {
  disk_type = "CLOUD_PREMIUM"
  size_gib  = data.tkeimage_root_disk_size.llm.size_gib
}

output "price_of_a_gib_and_month" {
  value = "${data.tkeimage_disk_price.llm.price_gib_month} ${data.tkeimage_disk_price.llm.currency}"
}
