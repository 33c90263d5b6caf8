check "names_are_answered" {
  data "crossmesh_traffic_probe" "names" {
    targets = {
      shop = { url = "http://shop.example.com/", expected_body = "hello from shop" }
      cart = { url = "http://cart.example.com/", expected_status = 200 }
    }
  }

  assert {
    condition = data.crossmesh_traffic_probe.names.ok
    error_message = join("\n", [
      for name, result in data.crossmesh_traffic_probe.names.results :
      "${name}: ${result.error}" if !result.ok
    ])
  }
}
