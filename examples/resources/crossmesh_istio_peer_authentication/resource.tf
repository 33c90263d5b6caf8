resource "crossmesh_istio_peer_authentication" "strict" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "strict"
    namespace = "shop"
  }

  spec = {
    selector = { match_labels = { app = "checkout" } }
    mtls     = { mode = "STRICT" }

    port_level_mtls = {
      "9090" = { mode = "PERMISSIVE" } # scraped from outside the mesh
    }
  }
}
