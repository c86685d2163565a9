output "reports" {
  description = "What each team's image weighs, as Markdown for a pull request."
  value       = { for team, images in module.images : team => images.report }
}
