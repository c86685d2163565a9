# terraform query -generate-config-out=caches.tf
list "tkeimage_cache" "made_by_the_service" {
  provider = tkeimage

  config {
    type = "auto"
  }
}
