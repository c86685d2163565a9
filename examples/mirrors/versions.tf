terraform {
  required_version = ">= 1.8"

  required_providers {
    tkeimage = {
      source  = "tkeimage/tkeimage"
      version = "~> 0.1"
    }
  }
}
