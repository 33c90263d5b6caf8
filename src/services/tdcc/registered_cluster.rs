//! `crossmesh_tdcc_registered_cluster`: a cluster's place in a hub.

mod import;

use std::{collections::BTreeMap, time::Duration};

use tfsdk::{
    Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::Tf,
};

use self::import::only_hub;
use crate::{
    cloud::{
        Account, Error, Kind,
        api::{
            Tag, is,
            tdcc::{self, RegisterCluster, RegisteredCluster, UpdateRegistered, registered_state},
            tke::TagSpecification,
        },
    },
    services::{
        Client, Cx, PlanCx, Scope, Tags, create_once,
        diagnostic::Doing,
        tags::Object,
        waiting::{Seen, wait},
    },
};

/// A cluster that is registered with a hub of TDCC: the hub's account sees it
/// under an id of its own. It is connected once its agent runs, which
/// `crossmesh_tdcc_cluster_agent` sees to; what the agent reports
/// (`kubernetes_version`, `cluster_cidr`, `service_cidr`, `node_count`) shows
/// from the next refresh on.
///
/// A registration of the same `name` and `original_cluster_id` whose agent never
/// called is taken over: it is what an interrupted run leaves behind.
///
/// The API of TDCC is not published: what is called is inferred, and can be
/// overridden with the provider's `tdcc`.
#[derive(Clone, Model)]
pub(super) struct Registration {
    #[attr(flatten)]
    pub scope: Scope,

    /// Id of the registered cluster, `cls-…`: not the id that the cluster has in
    /// its own account.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// Id of the hub cluster. The API does not tell it again.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub hub_cluster_id: Tf<String>,

    /// Name under which the hub knows the cluster.
    #[attr(required, validate(validators::not_empty()))]
    pub name: Tf<String>,

    /// What people should know about it.
    #[attr(optional)]
    pub description: Tf<String>,

    /// Id that the cluster has in its own account, if it is a TKE cluster.
    #[attr(optional, computed, stable, replace, validate(validators::not_empty()))]
    pub original_cluster_id: Tf<String>,

    /// Region that the cluster is in, such as `ap-guangzhou`.
    #[attr(optional, computed, stable, replace, validate(validators::not_empty()))]
    pub original_region: Tf<String>,

    /// Category of the cluster. Its values are not published.
    #[attr(optional, computed, stable, replace, validate(validators::not_empty()))]
    pub category: Tf<String>,

    /// Labels of the cluster in the hub. The API does not tell them: a change
    /// that is made elsewhere does not show.
    #[attr(optional, validate(validators::keys(label_key())))]
    pub labels: Tf<BTreeMap<String, String>>,

    /// Annotations of the cluster in the hub. The API does not tell them: a
    /// change that is made elsewhere does not show.
    #[attr(optional, validate(validators::keys(label_key())))]
    pub annotations: Tf<BTreeMap<String, String>>,

    #[attr(flatten)]
    pub tags: Tags,

    /// Status: `WaittingForConnect` (spelt so) until the agent calls, then
    /// `Running`; `Abnormal` when the agent is not heard of any more.
    #[attr(computed, stable)]
    pub status: Tf<String>,

    /// Kubernetes version, as the agent reports it.
    #[attr(computed, stable)]
    pub kubernetes_version: Tf<String>,

    /// Range of the pods, as the agent reports it.
    #[attr(computed, stable)]
    pub cluster_cidr: Tf<String>,

    /// Range of the services, as the agent reports it.
    #[attr(computed, stable)]
    pub service_cidr: Tf<String>,

    /// Number of nodes, as the agent reports it.
    #[attr(computed, stable)]
    pub node_count: Tf<i64>,

    /// When the cluster was registered, as the API writes it.
    #[attr(computed, stable)]
    pub created_time: Tf<String>,
}

fn label_key() -> impl tfsdk::schema::Validator {
    validators::matches("^[^=,\\s]+$", "must be a key without spaces, commas and equals signs")
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct TdccRegisteredCluster;

impl Resource for TdccRegisteredCluster {
    type Model = Registration;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_tdcc_registered_cluster";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(600)),
        (Operation::Update, Duration::from_secs(300)),
        (Operation::Delete, Duration::from_secs(600)),
    ];

    async fn plan(
        &self,
        cx: &PlanCx,
        change: &mut Change<Registration>,
    ) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        Tags::plan(cx, change, |model| &mut model.tags);
        Ok(())
    }

    async fn create(&self, cx: &Cx, mut plan: Registration) -> Result<Registration, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        let left_behind = left_behind(&account, &plan).await.doing("look for the cluster")?;
        let claims = &cx.client().claims;
        let id = match &left_behind {
            Some(found) => {
                let id = found.cluster_id.clone();
                claims.take_over(&format!("registered cluster {id}"))?;
                id
            }
            None => {
                let id = register(cx, &account, &plan).await.doing("register the cluster")?;
                claims.made(format!("registered cluster {id}"));
                id
            }
        };
        plan.id = id.as_str().into();
        cx.save(&plan);
        let found = wait_visible(cx, &account, &id).await?;
        if let Some(found) = &left_behind {
            let mut former = Tags::default();
            former.read(cx, &tags_of(found));
            plan.tags.update(cx, &former, &account, plan.tagged()).await?;
        }
        // Annotations are no part of a registration.
        let annotated = plan.annotations.known().is_some_and(|all| !all.is_empty());
        if annotated || left_behind.is_some() {
            let changes = plan.changes_from(&Registration::empty());
            tdcc::update_registered(&account, &changes).await.doing("annotate the cluster")?;
        }
        plan.take(RegisteredCluster {
            cluster_name: plan.name.text().to_owned(),
            cluster_desc: plan.description.text().to_owned(),
            ..found
        });
        plan.tags.settle(cx);
        Ok(plan)
    }

    async fn read(
        &self,
        cx: &Cx,
        mut state: Registration,
    ) -> Result<Option<Registration>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let found = tdcc::find_registered(&account, state.id.text()).await;
        let found = found.doing("read the registered cluster")?;
        let Some(found) = found.filter(|it| !is(&it.status, registered_state::DELETING)) else {
            return Ok(None);
        };
        state.tags.read(cx, &tags_of(&found));
        state.take(found);
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Cx,
        prior: Registration,
        mut plan: Registration,
    ) -> Result<Registration, Diagnostics> {
        let account = plan.scope.open(cx).await?;
        let changes = plan.changes_from(&prior);
        if changes != plan.no_changes() {
            tdcc::update_registered(&account, &changes)
                .await
                .doing("change the registered cluster")?;
        }
        plan.tags.update(cx, &prior.tags, &account, plan.tagged()).await?;
        plan.tags.settle(cx);
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: Registration) -> Result<(), Diagnostics> {
        let account = state.scope.open(cx).await?;
        let id = state.id.text();
        tdcc::delete_registered(&account, id).await.doing("deregister the cluster")?;
        wait(cx, format!("the registered cluster {id} to be gone"), || async {
            Ok(match tdcc::find_registered(&account, id).await? {
                Some(found) => Seen::pending(found.status),
                None => Seen::Done(()),
            })
        })
        .await
        .doing("deregister the cluster")
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Registration, Diagnostics> {
        let (scope, id) = Scope::import(cx, id)?;
        let (hub, id) = match id.split_once('#') {
            Some((hub, id)) => (hub.to_owned(), id),
            None => (only_hub(&scope.open(cx).await?, id).await?, id),
        };
        Ok(Registration {
            scope,
            id: id.into(),
            hub_cluster_id: hub.into(),
            ..Registration::empty()
        })
    }
}

impl Registration {
    /// Takes over what the API answered; it tells neither hub, labels nor
    /// annotations. Tags are taken apart.
    fn take(&mut self, found: RegisteredCluster) {
        self.id = found.cluster_id.into();
        self.name = found.cluster_name.into();
        if !found.cluster_desc.is_empty() || self.description.is_known() {
            self.description = found.cluster_desc.into();
        }
        self.original_cluster_id = Tf::unless_empty(found.original_cluster_id);
        self.original_region = Tf::unless_empty(found.original_region);
        self.category = Tf::unless_empty(found.cluster_category);
        self.status = found.status.into();
        self.kubernetes_version = Tf::unless_empty(found.k8s_version);
        self.cluster_cidr = Tf::unless_empty(found.cluster_cidr);
        self.service_cidr = Tf::unless_empty(found.service_cidr);
        self.node_count = i64::try_from(found.total_node).ok().into();
        self.created_time = found.created_time.into();
    }

    fn request(&self, cx: &Cx) -> RegisterCluster {
        let tags = self.tags.to_api(cx);
        let of_cluster = |tags| TagSpecification { resource_type: "cluster".to_owned(), tags };
        RegisterCluster {
            cluster_name: self.name.text().to_owned(),
            cluster_desc: self.description.known().cloned(),
            hub_cluster_id: self.hub_cluster_id.text().to_owned(),
            original_cluster_id: self.original_cluster_id.known().cloned(),
            original_region: self.original_region.known().cloned(),
            cluster_category: self.category.known().cloned(),
            labels: self.labels.known().map(pairs),
            tag_specification: tags.map(|tags| vec![of_cluster(tags)]),
        }
    }

    fn no_changes(&self) -> UpdateRegistered {
        UpdateRegistered { cluster_id: self.id.text().to_owned(), ..UpdateRegistered::default() }
    }

    /// What differs from `prior`. Labels and annotations of which nothing is
    /// known stay as they are in the cloud.
    fn changes_from(&self, prior: &Self) -> UpdateRegistered {
        let text = |own: &Tf<String>, former: &Tf<String>| {
            (own.text() != former.text()).then(|| own.text().to_owned())
        };
        let list = |own: &Tf<BTreeMap<_, _>>, former: &Tf<BTreeMap<_, _>>| {
            (own != former).then(|| own.known().map(pairs).unwrap_or_default())
        };
        UpdateRegistered {
            cluster_name: text(&self.name, &prior.name),
            cluster_desc: text(&self.description, &prior.description),
            labels: list(&self.labels, &prior.labels),
            annotations: list(&self.annotations, &prior.annotations),
            ..self.no_changes()
        }
    }

    fn tagged(&self) -> Object<'_> {
        Object { service: "tdcc", prefix: "cluster", id: self.id.text() }
    }
}

/// `key=value` for each entry.
fn pairs(map: &BTreeMap<String, String>) -> Vec<String> {
    map.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

fn tags_of(found: &RegisteredCluster) -> Vec<Tag> {
    found.tag_specification.iter().flat_map(|of| of.tags.iter().cloned()).collect()
}

/// A registration of the same cluster under the same name whose agent never
/// called: what an interrupted run leaves behind. Only a cluster that is named
/// by `original_cluster_id` can be recognised.
async fn left_behind(
    account: &Account,
    plan: &Registration,
) -> Result<Option<RegisteredCluster>, Error> {
    if !plan.original_cluster_id.is_known() {
        return Ok(None);
    }
    let same = |planned: &Tf<String>, found: &str| planned.known().is_none_or(|it| it == found);
    let found = tdcc::list_registered(account, Some(plan.name.text())).await?;
    let found = found.into_iter().find(|it| {
        is(&it.status, registered_state::WAITING_FOR_CONNECT)
            && same(&plan.original_cluster_id, &it.original_cluster_id)
            && same(&plan.original_region, &it.original_region)
            && same(&plan.category, &it.cluster_category)
    });
    let Some(found) = found else { return Ok(None) };
    // The list does not say which hub it is registered with; the agent's manifests are per hub.
    let hub = Some(plan.hub_cluster_id.text());
    match tdcc::agent_spec(account, hub, &found.cluster_id, false, false).await {
        Ok(_) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Invalid) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Registers exactly one cluster, which the API knows by nothing but its id.
async fn register(cx: &Cx, account: &Account, plan: &Registration) -> Result<String, Error> {
    let request = plan.request(cx);
    let name = plan.name.text();
    create_once(
        cx,
        format!("registered cluster {} {name}", account.uin().await?),
        || tdcc::register(account, &request),
        || async {
            let clusters = tdcc::list_registered(account, Some(name)).await?;
            Ok(clusters.into_iter().map(|cluster| cluster.cluster_id).collect())
        },
    )
    .await
}

async fn wait_visible(
    cx: &Cx,
    account: &Account,
    id: &str,
) -> Result<RegisteredCluster, Diagnostics> {
    wait(cx, format!("the registered cluster {id} to be visible"), || async {
        Ok(match tdcc::find_registered(account, id).await? {
            Some(found) => Seen::Done(found),
            None => Seen::pending("not visible yet"),
        })
    })
    .await
    .doing("register the cluster")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(labels: &[(&str, &str)]) -> Registration {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Registration {
            id: "cls-1".into(),
            name: "shop".into(),
            labels: Tf::Known(labels.collect()),
            ..Registration::empty()
        }
    }

    #[test]
    fn only_what_changed_is_sent() {
        let prior = registration(&[("tier", "edge"), ("zone", "1")]);
        assert_eq!(prior.changes_from(&prior), prior.no_changes());

        let renamed = Registration { name: "store".into(), ..prior.clone() };
        let changes = renamed.changes_from(&prior);
        assert_eq!(changes.cluster_name.as_deref(), Some("store"));
        assert_eq!((changes.labels, changes.annotations), (None, None));

        let cleared = Registration { labels: Tf::Null, ..prior.clone() };
        assert_eq!(cleared.changes_from(&prior).labels, Some(Vec::new()));
    }

    #[test]
    fn labels_are_sent_as_pairs() {
        let prior = registration(&[]);
        let changes = registration(&[("tier", "edge"), ("zone", "1")]).changes_from(&prior);
        assert_eq!(changes.labels.unwrap(), ["tier=edge", "zone=1"]);
    }
}
