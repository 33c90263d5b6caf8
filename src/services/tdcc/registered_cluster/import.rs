//! Which hub an imported cluster is registered with.

use tfsdk::{Diagnostic, Diagnostics};

use crate::{
    cloud::{
        Account,
        api::tdcc::{self, HubCluster},
    },
    services::diagnostic::Doing,
};

/// The hub that a cluster is registered with, where only one comes into
/// question: an account has one hub for each region.
pub(super) async fn only_hub(account: &Account, id: &str) -> Result<String, Diagnostics> {
    let mut hubs = tdcc::hubs(account).await.doing("look for the hub cluster")?;
    if hubs.len() > 1
        && let Ok(regions) = tdcc::regions(account).await
        && let Some(here) = regions.iter().find(|it| Some(&*it.region_name) == account.region())
    {
        hubs.retain(|hub| hub.region_id == here.region_id);
    }
    match hubs.as_slice() {
        [hub] => Ok(hub.cluster_id.clone()),
        hubs => Err(which_hub(hubs, id)),
    }
}

fn which_hub(hubs: &[HubCluster], id: &str) -> Diagnostics {
    let detail = match hubs {
        [] => "The account has no hub cluster that it could be registered with. Say with \
               `ACCOUNT@REGION/` before the id whose the registration is and where."
            .to_owned(),
        hubs => {
            let ids: Vec<&str> = hubs.iter().map(|hub| hub.cluster_id.as_str()).collect();
            format!(
                "The account has the hub clusters {}, and the API does not tell with which of \
                 them {id} is registered. Put the hub's id before it: \"{}#{id}\".",
                ids.join(", "),
                ids[0]
            )
        }
    };
    Diagnostic::error("Unable to import the registered cluster", detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_hubs_make_an_import_ambiguous() {
        let hub = |id: &str| HubCluster { cluster_id: id.to_owned(), ..HubCluster::default() };
        let text = which_hub(&[hub("cls-a"), hub("cls-b")], "cls-1").to_string();
        assert!(text.contains("cls-a, cls-b") && text.contains("cls-a#cls-1"), "{text}");
    }
}
