# Start from an image cache, on a disk that is larger than the cache.
output "with_a_cache" {
  value = provider::tkeimage::pod_annotations({
    image_cache               = "auto" # or the id of one: tkeimage_cache.example.id
    image_cache_disk_size_gib = 100
  })
}

# Or pull the images onto a larger system disk.
output "with_a_larger_disk" {
  value = provider::tkeimage::pod_annotations({
    root_disk_size_gib              = 50
    image_gc_high_threshold_percent = 90
    image_gc_low_threshold_percent  = 85
    insecure_registries             = ["registry.example.com:5000"]
  })
}
