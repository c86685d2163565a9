# Caches that hold an image and can be used, the newest first.
data "tkeimage_caches" "llm" {
  image  = "registry.example.com/llm:v1"
  status = "Ready"
}

output "ids" {
  value = data.tkeimage_caches.llm.caches[*].id
}
