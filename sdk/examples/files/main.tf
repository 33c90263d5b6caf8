terraform {
  required_providers {
    files = { source = "example/files" }
  }
}

variable "root" {
  type    = string
  default = "."
}

variable "title" {
  type    = string
  default = "Hello, World!"
}

provider "files" {
  root = var.root
}

resource "files_text_file" "note" {
  path    = "notes/${provider::files::slug(var.title)}.txt"
  content = "${var.title}\n"
}

data "files_listing" "notes" {
  path   = "notes"
  suffix = ".txt"

  depends_on = [files_text_file.note]
}

output "size" {
  value = files_text_file.note.size
}

output "notes" {
  value = data.files_listing.notes.files
}
