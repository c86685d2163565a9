# A test of a configuration of one's own, without a cloud, a registry or credentials:
#
#   terraform test

mock_provider "tkeimage" {
  mock_data "tkeimage_root_disk_size" {
    defaults = {
      size_gib        = 70
      digests         = { "registry.example.com/llm:v1" = "sha256:0000000000000000000000000000000000000000000000000000000000000001" }
      pod_annotations = { "eks.tke.cloud.tencent.com/root-cbs-size" = "70" }
      report          = "60 GiB"
    }
  }

  mock_resource "tkeimage_cache" {
    defaults = {
      id              = "imc-r1htp8tg"
      pod_annotations = { "eks.tke.cloud.tencent.com/use-image-cache" = "imc-r1htp8tg" }
    }
  }
}

variables {
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
}

run "the_cache_is_as_large_as_the_images_need" {
  assert {
    condition     = tkeimage_cache.this.size_gib == 70
    error_message = "The cache has ${tkeimage_cache.this.size_gib} GiB."
  }

  assert {
    condition     = tkeimage_cache.this.image_digests == data.tkeimage_root_disk_size.this.digests
    error_message = "A tag that moves would not rebuild the cache."
  }

  assert {
    condition     = output.pod_annotations["eks.tke.cloud.tencent.com/use-image-cache"] == output.cache_id
    error_message = "Pods are not pinned to the cache."
  }
}

run "a_size_of_ones_own_wins" {
  command = plan

  variables {
    size_gib = 100
  }

  assert {
    condition     = tkeimage_cache.this.size_gib == 100
    error_message = "The cache has ${tkeimage_cache.this.size_gib} GiB."
  }
}
