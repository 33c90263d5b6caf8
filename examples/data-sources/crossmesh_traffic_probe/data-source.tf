data "crossmesh_traffic_probe" "names" {
  targets = {
    shop = { url = "http://shop.example.com/", expected_body = "hello from shop" }
    cart = { url = "http://cart.example.com/", expected_status = 200 }
  }

  # Asked after the routes are there.
  depends_on = [crossmesh_istio_virtual_service.shop, crossmesh_istio_virtual_service.cart]
}

check "names_are_answered" {
  assert {
    condition = data.crossmesh_traffic_probe.names.ok
    error_message = join("\n", [
      for name, result in data.crossmesh_traffic_probe.names.results :
      "${name}: ${result.error}" if !result.ok
    ])
  }
}
