# Who takes part: one hub account that takes the traffic in, and any number of
# member accounts that own services. One provider block serves them all.

terraform {
  required_version = ">= 1.8"

  required_providers {
    crossmesh = {
      source  = "crossmesh/crossmesh"
      version = ">= 0.1.0"
    }
  }
}

provider "crossmesh" {
  # The hub's own credentials come from TENCENTCLOUD_SECRET_ID and
  # TENCENTCLOUD_SECRET_KEY, as with the official provider.
  region = var.hub.region

  accounts = {
    for name, member in var.members : name => {
      secret_id  = var.member_credentials[name].secret_id
      secret_key = var.member_credentials[name].secret_key
      region     = member.region
    }
  }
}

variable "hub" {
  description = "The account that takes the traffic in, and its clusters by name."
  type = object({
    region    = string
    vpc_id    = string
    subnet_id = string
    clusters  = map(string)
  })
}

variable "members" {
  description = "The accounts that own further services, by name: each has one cluster in one VPC."
  type = map(object({
    region     = string
    vpc_id     = string
    cluster_id = string
  }))
}

variable "member_credentials" {
  description = "Credentials of the member accounts, by the same names."
  type        = map(object({ secret_id = string, secret_key = string }))
  sensitive   = true
}

variable "domain" {
  description = "The DNSPod domain of the hub account under which every cluster's service gets a name."
  type        = string
}

variable "mesh_version" {
  description = "The Istio version of the mesh."
  type        = string
  default     = "1.18.5"
}

locals {
  # Every cluster by name: where it is and whose credentials reach it.
  clusters = merge(
    { for name, id in var.hub.clusters : name => { id = id, account = null, region = var.hub.region } },
    { for name, member in var.members : name => { id = member.cluster_id, account = name, region = member.region } },
  )
}
