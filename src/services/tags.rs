//! Tags of cloud objects, with the provider's `default_tags` under them.

use std::collections::BTreeMap;

use tfsdk::{Diagnostics, Model, engine::Change, value::Tf};

use crate::{
    cloud::{
        Account,
        api::{self, Tag},
    },
    services::{Cx, PlanCx, diagnostic::Doing},
};

/// The tags of an object.
#[derive(Clone, Default, Model)]
pub struct Tags {
    /// Tags by key. They win over the provider's `default_tags`.
    #[attr(optional)]
    pub tags: Tf<BTreeMap<String, String>>,

    /// The object's tags with the provider's `default_tags`.
    #[attr(computed)]
    pub tags_all: Tf<BTreeMap<String, String>>,
}

impl Tags {
    /// Plans `tags_all`.
    pub fn plan<M>(cx: &PlanCx, change: &mut Change<M>, tags: fn(&mut M) -> &mut Self) {
        let planned = tags(&mut change.planned);
        planned.tags_all = match (&planned.tags, cx.client()) {
            (Tf::Unknown, _) | (_, None) => Tf::Unknown,
            (own, Some(client)) => {
                let mut all = client.default_tags.clone();
                all.extend(own.known().cloned().unwrap_or_default());
                Tf::Known(all)
            }
        };
    }

    /// The tags for a create request; `None` when there are none.
    pub fn to_api(&self, cx: &Cx) -> Option<Vec<Tag>> {
        let all = self.all(cx);
        let tags = all.into_iter().map(|(key, value)| Tag { key, value });
        Some(tags.collect::<Vec<_>>()).filter(|tags| !tags.is_empty())
    }

    /// Takes over what the API answered. A default tag that the object does not
    /// name itself shows only in `tags_all`.
    pub fn read(&mut self, cx: &Cx, remote: &[Tag]) {
        let all: BTreeMap<String, String> =
            remote.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let defaults = &cx.client().default_tags;
        let before = self.tags.known().cloned().unwrap_or_default();
        let own: BTreeMap<String, String> = all
            .iter()
            .filter(|(key, value)| before.contains_key(*key) || defaults.get(*key) != Some(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !own.is_empty() || self.tags.is_known() {
            self.tags = Tf::Known(own);
        }
        self.tags_all = Tf::Known(all);
    }

    /// Settles `tags_all` after a create or an update.
    pub fn settle(&mut self, cx: &Cx) {
        self.tags_all = Tf::Known(self.all(cx));
    }

    /// Changes the tags of an existing object from `prior`'s to these.
    ///
    /// # Errors
    ///
    /// The API refused; what was changed before stays changed.
    pub async fn update(
        &self,
        cx: &Cx,
        prior: &Self,
        account: &Account,
        object: Object<'_>,
    ) -> Result<(), Diagnostics> {
        let before = prior.tags_all.known().cloned().unwrap_or_default();
        let after = self.all(cx);
        let set: Vec<Tag> = after
            .iter()
            .filter(|(key, value)| before.get(*key) != Some(value))
            .map(|(key, value)| Tag { key: key.clone(), value: value.clone() })
            .collect();
        let remove: Vec<String> =
            before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
        if set.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let uin = account.uin().await.doing("ask whose the credentials are")?;
        let region = account.region().unwrap_or_default();
        let name = api::tag::resource(object.service, region, uin, object.prefix, object.id);
        api::tag::modify(account, &name, &set, &remove).await.doing("change the tags")
    }

    fn all(&self, cx: &Cx) -> BTreeMap<String, String> {
        let mut all = cx.client().default_tags.clone();
        all.extend(self.tags.known().cloned().unwrap_or_default());
        all
    }
}

/// An object as the tag service names it: `qcs::<service>:…:<prefix>/<id>`.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Such as `vpc`.
    pub service: &'a str,
    /// Such as `ccn`.
    pub prefix: &'a str,
    /// Such as `ccn-0a1b2c3d`.
    pub id: &'a str,
}
