output "vpc_id" {
  description = "Id of the subnet's VPC."
  value       = one(local.found[*].vpc_id)

  precondition {
    condition     = length(local.found) == 1
    error_message = "There are ${length(local.found)} subnets named ${var.subnet_name} in the region: name one that exists once."
  }
}

output "subnet_id" {
  description = "Id of the subnet."
  value       = one(local.found[*].subnet_id)

  precondition {
    condition     = length(local.found) == 1
    error_message = "There are ${length(local.found)} subnets named ${var.subnet_name} in the region: name one that exists once."
  }
}
