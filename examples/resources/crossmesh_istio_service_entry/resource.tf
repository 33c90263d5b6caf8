resource "crossmesh_istio_service_entry" "payments" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "payments"
    namespace = "shop"
  }

  spec = {
    hosts      = ["payments.example.com"]
    location   = "MESH_EXTERNAL"
    resolution = "DNS"

    ports = [
      { number = 443, name = "https", protocol = "TLS" },
    ]

    endpoints = [
      { address = "eu.payments.example.com", locality = "eu-frankfurt", weight = 80 },
      { address = "ap.payments.example.com", locality = "ap-guangzhou", weight = 20 },
    ]

    export_to = ["."] # seen by this namespace alone
  }
}
