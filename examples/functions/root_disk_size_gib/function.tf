data "tkeimage_root_disk_size" "llm" {
  images = ["registry.example.com/llm:v1"]
}

# The same images with more and more to write, measured once.
output "size_gib" {
  value = {
    for writable_gib in [0, 20, 50] : writable_gib =>
    provider::tkeimage::root_disk_size_gib(data.tkeimage_root_disk_size.llm.required_bytes_max, writable_gib, null)
  }
}

# A policy for reviews: the plan warns when the images outgrow their disk.
check "budget" {
  assert {
    condition     = provider::tkeimage::root_disk_size_gib(data.tkeimage_root_disk_size.llm.required_bytes_max, 20, 75) <= 100
    error_message = "The images need a disk of more than 100 GiB."
  }
}
