//! Which kinds the API server serves, under which plural and scope.
//!
//! One small document per group and version, read when first needed and kept;
//! never the whole discovery or OpenAPI. Only what is there is kept: a kind
//! that is missing now may be installed a second later.

use std::{collections::HashMap, sync::Arc};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{
    client::{Cluster, Request},
    error::{ErrorKind, Result, Verb},
    object::ObjectRef,
    retry::{Pacer, Patience},
};

/// What a path segment may not hold; `:` of RBAC names may stay.
const SEGMENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'/').add(b'<').add(b'>').add(b'?');

/// A kind as the API server serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedKind {
    /// `v1` or `group/version`.
    pub api_version: String,
    /// Kind, such as `VirtualService`.
    pub kind: String,
    /// Its name in URLs, such as `virtualservices`.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl ServedKind {
    /// URL path of one object or, without a name, of all in a namespace or,
    /// without a namespace, of all in the cluster.
    pub(super) fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let mut path = group_version_path(&self.api_version);
        if let Some(namespace) = namespace.filter(|_| self.namespaced) {
            path.push_str("/namespaces/");
            path.extend(utf8_percent_encode(namespace, SEGMENT));
        }
        path.push('/');
        path.push_str(&self.plural);
        if let Some(name) = name {
            path.push('/');
            path.extend(utf8_percent_encode(name, SEGMENT));
        }
        path
    }
}

/// What is known of one cluster so far.
#[derive(Default)]
pub(super) struct Discovery {
    versions: std::sync::Mutex<HashMap<String, Arc<Slot>>>,
    groups: std::sync::Mutex<HashMap<String, Arc<ApiGroup>>>,
}

/// One group and version; the lock makes concurrent callers share one request.
#[derive(Default)]
struct Slot(Mutex<Option<Arc<Vec<ServedKind>>>>);

impl Discovery {
    fn slot(&self, api_version: &str) -> Arc<Slot> {
        let mut versions = self.versions.lock().unwrap_or_else(|it| it.into_inner());
        versions.entry(api_version.to_owned()).or_default().clone()
    }

    /// Forgets a group and version, after it turned out not to be served.
    pub(super) fn forget(&self, api_version: &str) {
        let mut versions = self.versions.lock().unwrap_or_else(|it| it.into_inner());
        versions.remove(api_version);
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.groups.lock().unwrap_or_else(|it| it.into_inner()).remove(group);
    }

    fn group(&self, name: &str) -> Option<Arc<ApiGroup>> {
        self.groups.lock().unwrap_or_else(|it| it.into_inner()).get(name).cloned()
    }

    fn keep_group(&self, name: &str, group: Arc<ApiGroup>) {
        self.groups.lock().unwrap_or_else(|it| it.into_inner()).insert(name.to_owned(), group);
    }

    /// The first of `versions` that serves a kind; `None` as long as a version
    /// before it has not been looked at.
    async fn known(&self, group: &str, kind: &str, versions: &[&str]) -> Option<ServedKind> {
        let offered = self.group(group)?;
        for version in versions.iter().filter(|it| offered.has(it)) {
            let slot = self.slot(&format!("{group}/{version}"));
            let kinds = slot.0.lock().await.clone()?;
            if let Some(served) = kinds.iter().find(|it| it.kind == kind) {
                return Some(served.clone());
            }
        }
        None
    }
}

#[derive(Deserialize)]
struct ApiResourceList {
    #[serde(default)]
    resources: Vec<ApiResource>,
}

#[derive(Deserialize)]
struct ApiResource {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}

#[derive(Deserialize)]
struct ApiGroup {
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

impl ApiGroup {
    fn has(&self, version: &str) -> bool {
        self.versions.iter().any(|it| it.version == version)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupVersion {
    version: String,
}

impl Cluster {
    /// How the kind of `object` is served.
    ///
    /// A kind that is not in the kept document is looked up once more before
    /// it counts as [`ErrorKind::KindNotServed`].
    pub(super) async fn served(&self, object: &ObjectRef) -> Result<ServedKind> {
        let slot = self.discovery().slot(&object.api_version);
        let mut known = slot.0.lock().await;
        let find = |kinds: &[ServedKind]| kinds.iter().find(|it| it.kind == object.kind).cloned();
        if let Some(served) = known.as_deref().and_then(|kinds| find(kinds)) {
            return Ok(served);
        }
        *known = None;
        let kinds = self.kinds_of(object).await?;
        let served = find(&kinds);
        *known = Some(Arc::new(kinds));
        served.ok_or_else(|| {
            let message =
                format!("the API server does not serve {} {}", object.api_version, object.kind);
            self.context(Verb::Discover, Some(object)).error(ErrorKind::KindNotServed, message)
        })
    }

    /// The first of `versions` in which the cluster serves a kind, such as
    /// `["v1", "v1beta1", "v1alpha3"]` of `networking.istio.io`.
    ///
    /// Source: `GET /apis/GROUP`, then one `GET /apis/GROUP/VERSION` per
    /// version tried. Fails with [`ErrorKind::KindNotServed`] if none is served
    /// within the time that `patience` has for kinds.
    pub async fn preferred_version(
        &self,
        group: &str,
        kind: &str,
        versions: &[&str],
        patience: Patience,
    ) -> Result<ServedKind> {
        if let Some(served) = self.discovery().known(group, kind, versions).await {
            return Ok(served);
        }
        let about = ObjectRef::new(format!("{group}/{}", versions.join("|")), kind, None, "*");
        let context = self.context(Verb::Discover, Some(&about));
        let mut pacer = Pacer::for_cluster(self, &context, patience)?;
        loop {
            match self.first_served(group, kind, versions).await {
                Ok(served) => return Ok(served),
                Err(error) => pacer.after(error).await?,
            }
        }
    }

    async fn first_served(&self, group: &str, kind: &str, versions: &[&str]) -> Result<ServedKind> {
        let about = |version: &str| ObjectRef::new(format!("{group}/{version}"), kind, None, "*");
        let first = about(versions.first().copied().unwrap_or("v1"));
        let context = self.context(Verb::Discover, Some(&first));
        let answer = self.call(Request::get(context.clone(), format!("/apis/{group}"))).await?;
        let offered: Arc<ApiGroup> = Arc::new(answer.json(&context)?);
        self.discovery().keep_group(group, offered.clone());
        for version in versions.iter().filter(|it| offered.has(it)) {
            match self.served(&about(version)).await {
                Err(error) if error.kind() == &ErrorKind::KindNotServed => {}
                other => return other,
            }
        }
        let message = format!(
            "the API server serves {group} {kind} in none of the versions {}",
            versions.join(", ")
        );
        Err(context.error(ErrorKind::KindNotServed, message))
    }

    async fn kinds_of(&self, object: &ObjectRef) -> Result<Vec<ServedKind>> {
        let context = self.context(Verb::Discover, Some(object));
        let path = group_version_path(&object.api_version);
        let answer = self.call(Request::get(context.clone(), path)).await?;
        let list: ApiResourceList = answer.json(&context)?;
        let served = list.resources.into_iter().filter(|it| !it.name.contains('/'));
        Ok(served
            .map(|it| ServedKind {
                api_version: object.api_version.clone(),
                kind: it.kind,
                plural: it.name,
                namespaced: it.namespaced,
            })
            .collect())
    }
}

fn group_version_path(api_version: &str) -> String {
    let root = if api_version.contains('/') { "/apis" } else { "/api" };
    let mut path = root.to_owned();
    for segment in api_version.split('/') {
        path.push('/');
        path.extend(utf8_percent_encode(segment, SEGMENT));
    }
    path
}
