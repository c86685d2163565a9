variable "images" {
  type        = list(string)
  description = "References of the images, at a registry that both subnets reach."
}

variable "name" {
  type        = string
  description = "Name of the cache in either region."
  default     = "model"
}

variable "first" {
  type        = object({ region = string, vpc_id = string, subnet_id = string })
  description = "A region, such as ap-guangzhou, and where in it the cache is built."
}

variable "second" {
  type        = object({ region = string, vpc_id = string, subnet_id = string })
  description = "The other region, and where in it the cache is built."
}
