variable "cache_id" {
  type        = string
  description = "Id of the cache that was made for these Pods."
}

# With "use-image-cache: auto" the service chooses by name and tag. Does it choose the cache that was made for these Pods?
data "tkeimage_cache_match" "llm" {
  images = ["registry.example.com/llm:v1"]
}

check "pods_get_their_cache" {
  assert {
    condition     = data.tkeimage_cache_match.llm.found && try(data.tkeimage_cache_match.llm.cache.id, "") == var.cache_id
    error_message = "Pods of registry.example.com/llm:v1 would not start from ${var.cache_id}."
  }
}
