data "tkeimage_cache" "llm" {
  name = "llm"
}

output "annotations" {
  value = data.tkeimage_cache.llm.pod_annotations
}
