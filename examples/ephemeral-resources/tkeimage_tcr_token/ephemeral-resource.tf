ephemeral "tkeimage_tcr_token" "example" {
  registry_id = "tcr-ak98765x"
}

# The builder's password, written and never stored.
resource "tkeimage_cache" "example" {
  images    = ["example.tencentcloudcr.com/ai/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  size_gib  = 50

  registry_credentials = {
    "example.tencentcloudcr.com" = {
      username    = "100000000001" # the account's UIN
      password_wo = ephemeral.tkeimage_tcr_token.example.token
    }
  }
}
