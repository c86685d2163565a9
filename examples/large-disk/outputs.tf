output "size_gib" {
  description = "Size of a Pod's system disk in GiB; 20 of them are free."
  value       = data.tkeimage_root_disk_size.app.size_gib
}

output "report" {
  description = "What the image weighs, as Markdown for a pull request."
  value       = data.tkeimage_root_disk_size.app.report
}
