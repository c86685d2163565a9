# Where it runs is said by the environment: credentials as for the provider, TF_VAR_images, TF_VAR_vpc_id, TF_VAR_subnet_id.

run "with_a_cache" {
  assert {
    condition     = output.pod_annotations == tomap({ "eks.tke.cloud.tencent.com/use-image-cache" = output.cache_id })
    error_message = "Pods are not pinned to the cache, and to nothing else: ${jsonencode(output.pod_annotations)}"
  }

  assert {
    condition     = tkeimage_cache.this[0].image_digests == output.digests
    error_message = "The cache does not follow the digests."
  }
}

run "with_a_disk_larger_than_the_cache" {
  variables {
    writable_gib = 30
  }

  assert {
    condition = output.pod_annotations == tomap({
      "eks.tke.cloud.tencent.com/use-image-cache"       = output.cache_id
      "eks.tke.cloud.tencent.com/image-cache-disk-size" = tostring(output.disk_size_gib)
    })
    error_message = "Pods do not get a larger disk made from the cache: ${jsonencode(output.pod_annotations)}"
  }
}

run "with_a_cache_that_the_service_finds" {
  variables {
    pin_cache    = false
    writable_gib = 30
  }

  assert {
    condition = output.pod_annotations == tomap({
      "eks.tke.cloud.tencent.com/use-image-cache"       = "auto"
      "eks.tke.cloud.tencent.com/image-cache-disk-size" = tostring(output.disk_size_gib)
      "eks.tke.cloud.tencent.com/root-cbs-size"         = tostring(output.disk_size_gib)
    })
    error_message = "Pods without a match do not fall back on a larger system disk: ${jsonencode(output.pod_annotations)}"
  }
}

run "with_a_larger_system_disk" {
  variables {
    use_cache    = false
    writable_gib = 30
  }

  assert {
    condition     = output.pod_annotations == tomap({ "eks.tke.cloud.tencent.com/root-cbs-size" = tostring(output.disk_size_gib) })
    error_message = "Pods do not get a larger system disk, and nothing else: ${jsonencode(output.pod_annotations)}"
  }

  assert {
    condition     = output.cache_id == null && length(tkeimage_cache.this) == 0
    error_message = "There is a cache that was not asked for."
  }
}

run "a_disk_over_the_limit_fails_the_plan" {
  command = plan

  variables {
    writable_gib = 100
    max_disk_gib = 50
  }

  expect_failures = [output.pod_annotations]
}

run "a_cache_without_a_subnet_fails_the_plan" {
  command = plan

  variables {
    subnet_id = null
  }

  expect_failures = [tkeimage_cache.this]
}
