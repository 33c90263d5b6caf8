//! Reading all objects of a kind, page by page.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{Answer, Cluster, Request},
    discovery::ServedKind,
    error::{Context, ErrorKind, Result, Verb},
    object::ObjectRef,
    retry::{Pacer, Patience},
};

/// Objects per page of a list.
const PAGE: u32 = 500;

/// A list of more pages than this is a server that does not end.
const MOST_PAGES: usize = 2000;

/// A list that expired half-way is begun again this often.
const RESTARTS: usize = 3;

/// Which objects to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection<'a> {
    /// `v1` or `group/version`.
    pub api_version: &'a str,
    /// Kind of the objects.
    pub kind: &'a str,
    /// Namespace; all namespaces if `None`.
    pub namespace: Option<&'a str>,
    /// Label selector such as `app=web,tier!=db`.
    pub labels: Option<&'a str>,
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(default)]
    pub(super) items: Option<Vec<Value>>,
}

/// What a page says about the whole list.
#[derive(Default, Deserialize)]
pub(super) struct PageMetadata {
    /// Token of the next page; empty on the last one.
    #[serde(default, rename = "continue")]
    pub(super) next: String,
}

impl Cluster {
    /// Reads all objects of a selection, page by page; each carries its
    /// `apiVersion` and `kind`. Empty if the kind's definition was removed.
    pub async fn list(&self, selection: Selection<'_>, patience: Patience) -> Result<Vec<Value>> {
        let Selection { api_version, kind, namespace, .. } = selection;
        let about = ObjectRef::new(api_version, kind, namespace, "*");
        let context = self.context(Verb::List, Some(&about));
        let mut pacer = Pacer::for_cluster(self, &context, patience)?;
        loop {
            match self.list_once(&context, &about, selection).await {
                Ok(found) => return Ok(found),
                Err(error) => pacer.after(error).await?,
            }
        }
    }

    async fn list_once(
        &self,
        context: &Context,
        about: &ObjectRef,
        selection: Selection<'_>,
    ) -> Result<Vec<Value>> {
        match self.list_served(context, about, selection).await {
            Err(error) if error.kind() == &ErrorKind::KindNotServed => {
                self.unless_defined(error, about).await.map(|()| Vec::new())
            }
            other => other,
        }
    }

    async fn list_served(
        &self,
        context: &Context,
        about: &ObjectRef,
        selection: Selection<'_>,
    ) -> Result<Vec<Value>> {
        let served = self.served(about).await?;
        let mut base = format!("{}?limit={PAGE}", served.path(selection.namespace, None));
        if let Some(labels) = selection.labels {
            base.push_str("&labelSelector=");
            base.extend(utf8_percent_encode(labels, NON_ALPHANUMERIC));
        }
        let take = |found: &mut Vec<Value>, answer: Answer| {
            let page: Page = answer.json(context)?;
            found.extend(page.items.into_iter().flatten().map(|item| named(item, &served)));
            Ok(page.metadata.next)
        };
        self.pages(context, &base, &take).await
    }

    /// Reads a list to its end; `take` keeps what a page holds and returns the
    /// token of the next. `base` is path and query of the first page.
    pub(super) async fn pages<T: Default + Send>(
        &self,
        context: &Context,
        base: &str,
        take: &(impl Fn(&mut T, Answer) -> Result<String> + Send + Sync),
    ) -> Result<T> {
        let mut restarts = 0;
        loop {
            match self.pages_from_start(context, base, take).await {
                Err(error) if error.kind() == &ErrorKind::Expired && restarts < RESTARTS => {
                    restarts += 1;
                }
                other => return other,
            }
        }
    }

    async fn pages_from_start<T: Default + Send>(
        &self,
        context: &Context,
        base: &str,
        take: &(impl Fn(&mut T, Answer) -> Result<String> + Send + Sync),
    ) -> Result<T> {
        let mut found = T::default();
        let mut path = base.to_owned();
        for _ in 0..MOST_PAGES {
            let answer = self.call(Request::get(context.clone(), path)).await?;
            let next = take(&mut found, answer)?;
            if next.is_empty() {
                return Ok(found);
            }
            path = format!("{base}&continue={}", utf8_percent_encode(&next, NON_ALPHANUMERIC));
        }
        Err(context.error(ErrorKind::Malformed, "the list does not end"))
    }
}

/// Items of a typed list come without their kind.
pub(super) fn named(mut item: Value, served: &ServedKind) -> Value {
    if let Value::Object(fields) = &mut item {
        fields.entry("apiVersion").or_insert_with(|| served.api_version.clone().into());
        fields.entry("kind").or_insert_with(|| served.kind.clone().into());
    }
    item
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::cluster::canned::{cluster, json_reply, refusal};

    #[tokio::test]
    async fn lists_are_read_to_the_end_and_begun_again_when_they_expire() {
        let mut expired = false;
        let (cluster, log) = cluster(move |seen| {
            if !seen.path.ends_with("/configmaps") {
                return None;
            }
            let next = seen.query.split("&continue=").nth(1).unwrap_or("");
            Some(match next {
                "" => json_reply(
                    200,
                    &json!({"metadata": {"continue": "a b"}, "items": [{"metadata": {"name": "1"}}]}),
                ),
                _ if !std::mem::replace(&mut expired, true) => refusal(410, "Expired", json!({})),
                _ => json_reply(
                    200,
                    &json!({"metadata": {}, "items": [{"metadata": {"name": "2"}}]}),
                ),
            })
        });
        let selection = Selection {
            api_version: "v1",
            kind: "ConfigMap",
            namespace: Some("shop"),
            labels: Some("app=web"),
        };
        let found = cluster.list(selection, Patience::within(Duration::ZERO)).await.unwrap();
        assert_eq!(
            found[1],
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "2"}})
        );
        let log = log.lock().unwrap();
        assert_eq!((found.len(), log.len()), (2, 4));
        assert_eq!(log[1].query, "limit=500&labelSelector=app%3Dweb&continue=a%20b");
    }
}
