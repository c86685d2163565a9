variable "subnet_name" {
  type        = string
  description = "Name of the subnet, which must be the only one of this name in the region."
}
