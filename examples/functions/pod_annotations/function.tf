# Start from one image cache, on a disk that is larger than the cache.
output "with_a_cache" {
  value = provider::tkeimage::pod_annotations({
    image_cache               = "imc-6a3e8yzc" # tkeimage_cache.example.id
    image_cache_disk_size_gib = 100
  })
}

# Start from a cache that matches, and pull onto a larger system disk when none does.
output "with_a_cache_or_a_larger_disk" {
  value = provider::tkeimage::pod_annotations({
    image_cache        = "auto"
    root_disk_size_gib = 50
  })
}

# Always pull the images onto a larger system disk.
output "with_a_larger_disk" {
  value = provider::tkeimage::pod_annotations({
    root_disk_size_gib              = 50
    image_gc_high_threshold_percent = 90
    image_gc_low_threshold_percent  = 85
    container_gc_threshold_percent  = 90
    must_keep_last_container        = true
    pod_eviction_threshold_percent  = 95
    insecure_registries             = ["registry.example.com:5000"]
  })
}
