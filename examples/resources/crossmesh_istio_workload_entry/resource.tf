resource "crossmesh_istio_workload_entry" "database" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "database"
    namespace = "shop"
  }

  spec = {
    address         = "10.0.4.17"
    labels          = { app = "database", version = "8" }
    ports           = { mysql = 3306 }
    service_account = "database"
    locality        = "ap-guangzhou/ap-guangzhou-3"
    weight          = 100
  }
}
