data "crossmesh_tcm_mesh" "main" {
  display_name = "cross-account"
}

# The clusters that are not in service, and why.
output "broken_links" {
  value = {
    for cluster in data.crossmesh_tcm_mesh.main.clusters :
    cluster.display_name => cluster.link_error if cluster.link_state != "LINKED"
  }
}
