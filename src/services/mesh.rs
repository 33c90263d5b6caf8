//! The main cluster of a mesh: where its Istio objects live.

use tfsdk::{Diagnostic, Diagnostics};

use crate::{
    cloud::{
        Account,
        api::{
            is, is_any,
            tcm::{self, Cluster, Mesh, link_state},
        },
    },
    services::{Clusters, diagnostic::Doing},
};

/// The types of clusters of the mesh's own account.
const OWN: [&str; 2] = ["TKE", "EKS"];

impl Clusters {
    /// Id of a mesh's main cluster: the one that runs the control plane, else the
    /// one of the mesh's own account that was linked first. Asked once per run.
    ///
    /// # Errors
    ///
    /// There is no such mesh, or no cluster of it stands out.
    pub async fn main_of(&self, mesh_id: &str, account: &Account) -> Result<String, Diagnostics> {
        let region = account.region().map(str::to_owned);
        let key = (account.label().to_owned(), region, mesh_id.to_owned());
        if let Some(known) = self.mains().get(&key) {
            return Ok(known.clone());
        }
        let mesh = tcm::find(account, mesh_id).await.doing("find the mesh")?;
        let mesh = mesh.ok_or_else(|| no_such_mesh(mesh_id, account))?;
        let main = main_cluster(&mesh, account.region()).ok_or_else(|| no_main(&mesh))?;
        self.mains().insert(key, main.cluster_id.clone());
        Ok(main.cluster_id.clone())
    }
}

fn main_cluster<'a>(mesh: &'a Mesh, region: Option<&str>) -> Option<&'a Cluster> {
    let linked = || {
        let here = |it: &&Cluster| it.region.is_empty() || region.is_none_or(|at| at == it.region);
        let is_linked = |it: &&Cluster| is(&it.status.link_state, link_state::LINKED);
        mesh.cluster_list.iter().filter(here).filter(is_linked)
    };
    let is_own = |it: &&Cluster| is_any(it.kind.as_deref().unwrap_or_default(), &OWN);
    let master = linked().find(|it| is(&it.role, tcm::ROLE_MASTER));
    let first = || linked().filter(is_own).min_by_key(|it| (&it.linked_time, &it.cluster_id));
    master.or_else(first)
}

fn no_such_mesh(mesh_id: &str, account: &Account) -> Diagnostics {
    let detail = format!(
        "The account {:?} has no mesh {mesh_id:?} in {}. Check `mesh_id`, `account` and `region`.",
        account.label(),
        account.region().unwrap_or("its region"),
    );
    Diagnostic::error("Mesh not found", detail).at("mesh_id").into()
}

fn no_main(mesh: &Mesh) -> Diagnostics {
    let one = |it: &Cluster| {
        let (id, region, state) = (&it.cluster_id, &it.region, &it.status.link_state);
        let kind = it.kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("registered");
        format!("\n  {id} ({kind}, {region}, {state})")
    };
    let clusters: String = mesh.cluster_list.iter().map(one).collect();
    let id = &mesh.mesh_id;
    let detail = if clusters.is_empty() {
        format!(
            "The mesh {id} has no cluster yet. Link one first, and let this object depend on the \
             link (`depends_on`)."
        )
    } else {
        format!(
            "The mesh {id} has no linked TKE or serverless cluster in its own region. Say with \
             `cluster` (and `region`) instead of `mesh_id` which one keeps its objects:\n{clusters}"
        )
    };
    Diagnostic::error("Mesh without a main cluster", detail).at("mesh_id").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(id: &str, kind: &str, region: &str, state: &str, time: &str) -> Cluster {
        let mut cluster = Cluster {
            cluster_id: id.to_owned(),
            region: region.to_owned(),
            role: tcm::ROLE_REMOTE.to_owned(),
            kind: Some(kind.to_owned()),
            linked_time: time.to_owned(),
            ..Cluster::default()
        };
        cluster.status.link_state = state.to_owned();
        cluster
    }

    fn main(clusters: Vec<Cluster>) -> Option<String> {
        let mesh = Mesh { cluster_list: clusters, ..Mesh::default() };
        main_cluster(&mesh, Some("here")).map(|it| it.cluster_id.clone())
    }

    #[test]
    fn the_first_linked_cluster_of_the_account_is_the_main_one() {
        let all = || {
            vec![
                cluster("registered", "EXTERNAL", "here", "LINKED", "1"),
                cluster("elsewhere", "TKE", "there", "LINKED", "2"),
                cluster("linking", "TKE", "here", "LINKING", "3"),
                cluster("later", "TKE", "here", "LINKED", "5"),
                cluster("first", "EKS", "here", "LINKED", "4"),
            ]
        };
        assert_eq!(main(all()).as_deref(), Some("first"));
        let mut with_master = all();
        with_master[3].role = tcm::ROLE_MASTER.to_owned();
        assert_eq!(main(with_master).as_deref(), Some("later"));
        assert_eq!(main(all().into_iter().take(3).collect()), None);
    }

    #[test]
    fn without_a_main_cluster_the_candidates_are_named() {
        let cluster_list = vec![cluster("cls-b", "", "here", "LINKED", "1")];
        let mesh = Mesh { mesh_id: "mesh-a".to_owned(), cluster_list, ..Mesh::default() };
        let said = no_main(&mesh).to_string();
        assert!(said.contains("\n  cls-b (registered, here, LINKED)"), "{said}");
        let said = no_main(&Mesh::default()).to_string();
        assert!(said.contains("has no cluster yet"), "{said}");
    }
}
