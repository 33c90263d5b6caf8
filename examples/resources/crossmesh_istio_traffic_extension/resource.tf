resource "crossmesh_istio_traffic_extension" "stamp" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "stamp"
    namespace = "shop"
  }

  spec = {
    selector = { match_labels = { app = "front" } }
    phase    = "STATS"
    match    = [{ mode = "SERVER", ports = [{ number = 8080 }] }]

    lua = {
      inline_code = <<-LUA
        function envoy_on_response(handle)
          handle:headers():add("x-served-by", "front")
        end
      LUA
    }
  }
}
