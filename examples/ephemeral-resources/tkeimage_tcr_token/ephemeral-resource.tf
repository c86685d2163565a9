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

# For a build that may take longer than an hour: valid until the run ends.
ephemeral "tkeimage_tcr_token" "of_one_run" {
  registry_id     = "tcr-ak98765x"
  token_type      = "longterm"
  description     = "one run of Terraform"
  delete_on_close = true
}
