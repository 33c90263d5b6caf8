resource "crossmesh_istio_request_authentication" "users" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "users"
    namespace = "istio-system"
  }

  spec = {
    selector = { match_labels = { istio = "ingressgateway" } }

    jwt_rules = [
      {
        issuer    = "https://login.example.com"
        jwks_uri  = "https://login.example.com/.well-known/jwks.json"
        audiences = ["shop"]

        forward_original_token  = true
        output_claim_to_headers = [{ header = "x-user", claim = "sub" }]
      },
    ]
  }
}
