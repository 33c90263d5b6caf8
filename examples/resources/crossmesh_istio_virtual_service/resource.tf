resource "crossmesh_istio_virtual_service" "shop" {
  mesh_id = "mesh-0a1b2c3d" # whose main cluster keeps it; or `cluster`

  metadata = {
    name      = "shop"
    namespace = "shop"
  }

  spec = {
    hosts    = ["shop.example.com"]
    gateways = ["istio-system/ingress"]

    http = [
      {
        name     = "old addresses"
        match    = [{ uri = { prefix = "/old/" } }]
        redirect = { uri = "/", redirect_code = 308 }
      },
      {
        name    = "cart"
        match   = [{ uri = { prefix = "/cart" }, method = { regex = "GET|POST" } }]
        rewrite = { uri = "/" }
        timeout = "5s"

        retries = {
          attempts        = 3
          per_try_timeout = "1s"
          retry_on        = "connect-failure,refused-stream,503"
        }

        # One request in ten goes to the new version.
        route = [
          {
            destination = { host = "cart.shop.svc.cluster.local", subset = "v1" }
            weight      = 90
          },
          {
            destination = { host = "cart.shop.svc.cluster.local", subset = "v2" }
            weight      = 10
          },
        ]
      },
      {
        name  = "everything else"
        route = [{ destination = { host = "front.shop.svc.cluster.local", port = { number = 8080 } } }]

        headers = {
          request = { set = { "x-from" = "edge" } }
        }
      },
    ]
  }
}
