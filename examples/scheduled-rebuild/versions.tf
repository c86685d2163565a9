terraform {
  required_version = ">= 1.14" # actions

  required_providers {
    tkeimage = {
      source  = "tkeimage/tkeimage"
      version = "~> 0.1"
    }
  }
}
