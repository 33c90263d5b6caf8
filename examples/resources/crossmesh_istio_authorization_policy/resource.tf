resource "crossmesh_istio_authorization_policy" "checkout" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "checkout"
    namespace = "shop"
  }

  spec = {
    action   = "ALLOW"
    selector = { match_labels = { app = "checkout" } }

    rules = [
      {
        from = [{ source = { principals = ["cluster.local/ns/shop/sa/frontend"] } }]
        to   = [{ operation = { methods = ["GET", "POST"], paths = ["/cart/*"] } }]
        when = [{ key = "request.auth.claims[group]", values = ["customers"] }]
      },
    ]
  }
}
