# A cache is built in a subnet that has a route to the registry, through a NAT gateway for instance.
data "tencentcloud_vpc_subnets" "this" {
  name = var.subnet_name
}

locals {
  # The service looks for names that contain the one given.
  found = [for subnet in data.tencentcloud_vpc_subnets.this.instance_list : subnet if subnet.name == var.subnet_name]
}
