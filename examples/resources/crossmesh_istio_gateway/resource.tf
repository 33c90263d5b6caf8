resource "crossmesh_istio_gateway" "ingress" {
  cluster = "cls-0a1b2c3d" # or a key of the provider's `clusters`

  metadata = {
    name      = "ingress"
    namespace = "istio-system"
    labels    = { team = "edge" }
  }

  spec = {
    selector = { istio = "ingressgateway" }

    servers = [
      {
        port  = { number = 80, name = "http", protocol = "HTTP" }
        hosts = ["*.example.com"]
        tls   = { https_redirect = true }
      },
      {
        port  = { number = 443, name = "https", protocol = "HTTPS" }
        hosts = ["shop/*.example.com"] # only VirtualServices of the namespace shop
        tls = {
          mode                 = "SIMPLE"
          credential_name      = "example-com" # a Secret in the namespace of the proxies
          min_protocol_version = "TLSV1_2"
        }
      },
    ]
  }
}
