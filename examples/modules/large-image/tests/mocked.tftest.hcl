# Without a cloud, a registry or credentials: the provider is mocked, and only its functions compute. Runs by itself with
#
#   terraform test -filter=tests/mocked.tftest.hcl

mock_provider "tkeimage" {
  mock_data "tkeimage_root_disk_size" {
    defaults = {
      size_gib           = 40
      required_bytes_max = 32212254720 # 30 GiB
      digests            = {}
      pinned_images      = {}
      report             = "30 GiB"
    }
  }

  mock_resource "tkeimage_cache" {
    defaults = {
      id = "imc-r1htp8tg"
    }
  }
}

variables {
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
}

run "mocked_with_a_cache" {
  command = apply

  assert {
    condition     = tkeimage_cache.this[0].size_gib == 40
    error_message = "The cache is not as large as the images need: ${tkeimage_cache.this[0].size_gib}"
  }

  assert {
    condition     = output.pod_annotations == tomap({ "eks.tke.cloud.tencent.com/use-image-cache" = "imc-r1htp8tg" })
    error_message = "Pods are not pinned to the cache, and to nothing else: ${jsonencode(output.pod_annotations)}"
  }
}

run "mocked_with_a_larger_system_disk" {
  command = plan

  variables {
    use_cache = false
  }

  assert {
    condition     = output.pod_annotations == tomap({ "eks.tke.cloud.tencent.com/root-cbs-size" = "40" })
    error_message = "Pods do not get the larger disk: ${jsonencode(output.pod_annotations)}"
  }
}
