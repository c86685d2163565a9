output "report" {
  description = "What the image weighs, as Markdown for the pull request."
  value       = data.tkeimage_root_disk_size.app.report
}
