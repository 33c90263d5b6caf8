resource "crossmesh_istio_workload_group" "database" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "database"
    namespace = "shop"
  }

  spec = {
    metadata = {
      labels = { app = "database" }
    }

    template = {
      ports           = { mysql = 3306 }
      service_account = "database"
    }

    probe = {
      initial_delay_seconds = 5
      period_seconds        = 10
      tcp_socket            = { port = 3306 }
    }
  }
}
