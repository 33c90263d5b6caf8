//! What an import id says of an agent, and what the cluster does.

use serde_json::Value;
use tfsdk::{Diagnostic, Diagnostics, Model as _, value::Tf};

use super::{Agent, KEPT, installation::kept, manifests::Manifests};
use crate::{
    cloud::Account,
    cluster::ObjectRef,
    services::{Cx, InCluster, Site, notes::Notes},
};

impl Agent {
    /// Reads `[ACCOUNT][@REGION]/REGISTERED#CLUSTER[#HUB_ACCOUNT[@HUB_REGION]]`.
    pub(super) fn from_import_id(cx: &Cx, id: &str) -> Result<Self, Diagnostics> {
        let wrong = || {
            Diagnostic::error(
                "Malformed import id",
                format!(
                    "{id:?} is no such id: expected REGISTERED#CLUSTER, the id of the registered \
                     cluster and then the cluster itself (a key of the provider's `clusters`, or \
                     the id that it has in its own account). Put `ACCOUNT/` or `ACCOUNT@REGION/` \
                     before it to say whose credentials reach the cluster, and `#ACCOUNT` or \
                     `#ACCOUNT@REGION` behind it to say whose registration it is, where that is \
                     not the provider's own account."
                ),
            )
        };
        let parts: Vec<&str> = id.split('#').collect();
        let (start, cluster, hub) = match parts.as_slice() {
            [start, cluster] => (*start, *cluster, ""),
            [start, cluster, hub] => (*start, *cluster, *hub),
            _ => return Err(wrong().into()),
        };
        let (prefix, registered) = match start.split_once('/') {
            Some((prefix, registered)) => (format!("{prefix}/"), registered),
            None => (String::new(), start),
        };
        if registered.is_empty() || cluster.is_empty() {
            return Err(wrong().into());
        }
        let (place, _) = InCluster::import(cx, &format!("{prefix}{cluster}/"), "CLUSTER")?;
        let (account, region) = hub.split_once('@').unwrap_or((hub, ""));
        Ok(Self {
            place,
            id: registered.into(),
            registered_cluster_id: registered.into(),
            hub_account: Tf::unless_empty(account),
            hub_region: Tf::unless_empty(region),
            extranet: Tf::Known(false),
            renew: Tf::Known(true),
            force_conflicts: Tf::Known(false),
            ..Self::empty()
        })
    }

    /// Finds out which of the two agents that TDCC hands out is in the cluster,
    /// and what is there of others.
    pub(super) async fn recognise(
        &mut self,
        cx: &Cx,
        hub: &Account,
        site: &Site,
    ) -> Result<Manifests, Diagnostics> {
        let intranet = Manifests::fetch(hub, self, false).await?;
        self.extranet = Tf::Known(true);
        let extranet = Manifests::fetch(hub, self, false).await?;
        let objects: Vec<&ObjectRef> =
            intranet.documents().iter().map(|document| &document.reference).collect();
        let live = self.installation(cx, site).read(objects.iter().copied()).await?;
        Notes::set(cx, KEPT, &kept(objects.into_iter(), &live));
        let look = |object: &ObjectRef| -> Option<&Value> { live.get(&object.to_string()) };
        if extranet.secrets_in_common(look) > intranet.secrets_in_common(look) {
            return Ok(extranet);
        }
        self.extranet = Tf::Known(false);
        Ok(intranet)
    }
}
