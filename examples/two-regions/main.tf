# The same images in a cache of each of two regions. A cache belongs to one region, and so does a provider: there is one for
# each, and the module is called once with each. The images are measured once; what is known of a layer serves both.
#
# Credentials come from the environment: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY.
provider "tkeimage" {
  alias  = "first"
  region = var.first.region
}

provider "tkeimage" {
  alias  = "second"
  region = var.second.region
}

module "first" {
  source    = "../modules/large-image"
  providers = { tkeimage = tkeimage.first }

  images     = var.images
  cache_name = var.name # names of two regions do not meet
  vpc_id     = var.first.vpc_id
  subnet_id  = var.first.subnet_id
}

module "second" {
  source    = "../modules/large-image"
  providers = { tkeimage = tkeimage.second }

  images     = var.images
  cache_name = var.name
  vpc_id     = var.second.vpc_id
  subnet_id  = var.second.subnet_id
}
