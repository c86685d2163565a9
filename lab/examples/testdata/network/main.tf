# Stands in for examples/modules/network, whose provider is not among Go's modules.
variable "subnet_name" {
  type = string
}

output "vpc_id" {
  value = "vpc-508ctkfb"
}

output "subnet_id" {
  value = "subnet-8ah75lo8"
}
