resource "crossmesh_istio_destination_rule" "reviews" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "reviews"
    namespace = "shop"
  }

  spec = {
    host = "reviews.shop.svc.cluster.local"

    traffic_policy = {
      connection_pool = {
        tcp  = { max_connections = 100, connect_timeout = "3s" }
        http = { http2_max_requests = 1000, max_requests_per_connection = 10 }
      }

      outlier_detection = {
        consecutive_5xx_errors = 5
        interval               = "10s"
        base_ejection_time     = "30s"
        max_ejection_percent   = 50
      }

      load_balancer = {
        simple = "LEAST_REQUEST"
        locality_lb_setting = {
          failover = [{ from = "ap-guangzhou", to = "ap-shanghai" }]
        }
      }
    }

    subsets = [
      { name = "v1", labels = { version = "v1" } },
      {
        name   = "v2"
        labels = { version = "v2" }
        traffic_policy = {
          load_balancer = {
            consistent_hash = { http_cookie = { name = "user", ttl = "0s" } }
          }
        }
      },
    ]
  }
}
