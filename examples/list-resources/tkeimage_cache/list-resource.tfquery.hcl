# caches.tfquery.hcl, in a root module whose .tf files require the provider (required_providers), after terraform init:
#
#   terraform query
#   terraform query -generate-config-out=caches.tf
#   terraform apply
list "tkeimage_cache" "usable" {
  provider = tkeimage
  limit    = 1000 # default: 100

  config {
    status = "Ready" # a cache that failed is planned for replacement
    type   = "manual"
  }
}
