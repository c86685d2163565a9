output "size_gib" {
  description = "Size of a Pod's system disk in GiB; 20 of them are free."
  value       = data.tkeimage_root_disk_size.app.size_gib
}

output "pinned_images" {
  description = "Each image with the digest that was measured. The names are those of the registry, not of the mirror."
  value       = data.tkeimage_root_disk_size.app.pinned_images
}
