# As a block of the official provider, to the letter: a role in another account, assumed with what the environment has.
provider "tkeimage" {
  region = "ap-guangzhou"

  assume_role {
    role_arn         = "qcs::cam::uin/100000000001:roleName/deployer"
    session_name     = "terraform"
    session_duration = 3600
  }

  # Errs before anything is done in another account.
  allowed_account_ids = ["100000000001"]
}
