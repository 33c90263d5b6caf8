resource "crossmesh_istio_wasm_plugin" "login" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "login"
    namespace = "istio-system"
  }

  spec = {
    selector = { match_labels = { istio = "ingressgateway" } }

    url           = "oci://registry.example.com/mesh/login:1.4"
    phase         = "AUTHN"
    fail_strategy = "FAIL_CLOSE"

    # Whatever the module takes.
    plugin_config = {
      realm = "shop"
      rules = [
        { path = "/health", open = true },
        { path = "/", groups = ["staff", "partners"] },
      ]
    }
  }
}
