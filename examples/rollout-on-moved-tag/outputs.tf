output "digest" {
  description = "What the tag stands for now."
  value       = module.image.digests[var.image]
}
