terraform {
  required_providers {
    crossmesh = {
      source = "crossmesh/crossmesh"
    }
  }
}

# The provider's own account: credentials from TENCENTCLOUD_SECRET_ID and
# TENCENTCLOUD_SECRET_KEY. Further accounts by name, each with its own.
provider "crossmesh" {
  region = "ap-guangzhou"

  accounts = {
    shop = {
      assume_role = { role_arn = "qcs::cam::uin/200000000002:roleName/crossmesh" }
    }
    cart = {
      region     = "ap-shanghai"
      secret_id  = var.cart_secret_id
      secret_key = var.cart_secret_key
    }
  }

  default_tags = {
    tags = { team = "platform" }
  }
}

variable "cart_secret_id" {
  type = string
}

variable "cart_secret_key" {
  type      = string
  sensitive = true
}
