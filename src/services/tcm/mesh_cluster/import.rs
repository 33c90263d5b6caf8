//! What an import id says of a link.

use tfsdk::{Diagnostic, Diagnostics, Model as _, value::Tf};

use super::{MeshCluster, id};
use crate::services::{Cx, Scope};

/// Reads `[ACCOUNT][@REGION]/MESH#CLUSTER[#ACCOUNT[@REGION]/ORIGINAL]`.
pub(super) fn parse(cx: &Cx, text: &str) -> Result<MeshCluster, Diagnostics> {
    let (scope, link) = Scope::import(cx, text)?;
    let parts = Parts::of(link).ok_or_else(|| {
        Diagnostic::error(
            "Invalid import id",
            format!(
                "{link:?} must have the form \"<mesh_id>#<cluster_id>\". For a registered cluster \
                 \"#<cluster_account>/<original_cluster_id>\" or \
                 \"#<cluster_account>@<original_region>/<original_cluster_id>\" may follow, which \
                 the mesh does not know."
            ),
        )
    })?;
    let original = parts.original.unwrap_or_default();
    Ok(MeshCluster {
        scope,
        id: id(parts.mesh, parts.cluster).into(),
        mesh_id: parts.mesh.into(),
        cluster_id: parts.cluster.into(),
        cluster_account: Tf::unless_empty(original.account),
        original_cluster_id: Tf::unless_empty(original.cluster),
        original_region: Tf::unless_empty(original.region),
        ..MeshCluster::empty()
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    mesh: &'a str,
    cluster: &'a str,
    original: Option<Original<'a>>,
}

/// What a registered cluster is in its own account. The region may be empty.
#[derive(Debug, Default, PartialEq, Eq)]
struct Original<'a> {
    account: &'a str,
    region: &'a str,
    cluster: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.split('#');
        let (mesh, cluster, original) = (parts.next()?, parts.next()?, parts.next());
        let is_whole = parts.next().is_none() && !mesh.is_empty() && !cluster.is_empty();
        let original = match original {
            Some(text) => Some(Original::of(text)?),
            None => None,
        };
        is_whole.then_some(Self { mesh, cluster, original })
    }
}

impl<'a> Original<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (owner, cluster) = text.split_once('/')?;
        let (account, region) = owner.split_once('@').unwrap_or((owner, ""));
        (!account.is_empty() && !cluster.is_empty()).then_some(Self { account, region, cluster })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let original = |account, region, cluster| Some(Original { account, region, cluster });
        for (text, original) in [
            ("mesh-1#cls-2", None),
            ("mesh-1#cls-2#shop/cls-3", original("shop", "", "cls-3")),
            ("mesh-1#cls-2#shop@ap-shanghai/cls-3", original("shop", "ap-shanghai", "cls-3")),
        ] {
            let parts = Parts { mesh: "mesh-1", cluster: "cls-2", original };
            assert_eq!(Parts::of(text), Some(parts), "{text}");
        }
        for text in ["", "mesh-1", "#", "mesh-1#", "#cls-2", "a#b#", "a#b#c", "a#b#/c", "a#b#c/d#e"]
        {
            assert_eq!(Parts::of(text), None, "{text}");
        }
    }
}
