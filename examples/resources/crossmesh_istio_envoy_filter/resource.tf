resource "crossmesh_istio_envoy_filter" "rate_limit" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "rate-limit"
    namespace = "shop"
  }

  spec = {
    workload_selector = { labels = { app = "cart" } }

    config_patches = [{
      apply_to = "HTTP_FILTER"
      match = {
        context = "SIDECAR_INBOUND"
        listener = {
          filter_chain = {
            filter = { name = "envoy.filters.network.http_connection_manager" }
          }
        }
      }
      patch = {
        operation = "INSERT_BEFORE"
        # Configuration of Envoy, in its own spelling.
        value = {
          name = "envoy.filters.http.local_ratelimit"
          typed_config = {
            "@type"     = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
            stat_prefix = "cart"
            token_bucket = {
              max_tokens      = 100
              tokens_per_fill = 100
              fill_interval   = "1s"
            }
          }
        }
      }
    }]
  }
}
