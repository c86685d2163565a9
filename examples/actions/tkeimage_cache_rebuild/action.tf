# On a schedule, or by hand: terraform apply -invoke=action.tkeimage_cache_rebuild.llm
action "tkeimage_cache_rebuild" "llm" {
  config {
    id      = "imc-r1htp8tg"
    timeout = "90m"
  }
}

# After a push: whatever changes when an image was pushed, here a revision, triggers the rebuild.
variable "revision" {
  type = string
}

resource "terraform_data" "push" {
  input = var.revision

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.tkeimage_cache_rebuild.llm]
    }
  }
}
