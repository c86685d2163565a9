variable "registry_id" {
  type        = string
  description = "Id of the TCR instance (Enterprise edition), tcr-…"
}

variable "registry_host" {
  type        = string
  description = "Its host as in the images' names, such as example.tencentcloudcr.com."
}

variable "registry_username" {
  type        = string
  description = "User name of its tokens: the UIN of the account that makes them."
}

variable "images" {
  type        = list(string)
  description = "References of the private images."
}

variable "vpc_id" {
  type        = string
  description = "VPC in which the images are pulled; the registry must let it in."
}

variable "subnet_id" {
  type        = string
  description = "Subnet in which the images are pulled."
}
