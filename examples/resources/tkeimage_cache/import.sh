# By id. The service never tells where a cache was built (VPC, subnet, security groups, elastic IP, registry lists, DNS):
# the first plan takes these from the configuration, as an update in place that replaces nothing.
terraform import tkeimage_cache.llm imc-r1htp8tg
