resource "crossmesh_istio_sidecar" "default" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "default"
    namespace = "shop"
  }

  spec = {
    # The sidecars learn of these alone, and forward what they do not know.
    egress = [
      { hosts = ["./*", "istio-system/*", "payments/api.payments.svc.cluster.local"] },
    ]

    outbound_traffic_policy = { mode = "ALLOW_ANY" }
  }
}
