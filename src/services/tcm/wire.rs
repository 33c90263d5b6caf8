//! Terraform's values as members of the API's objects, both ways.
//!
//! One module per form, each with `write` (sets in the API's object what
//! Terraform knows, and leaves what means the same as it is) and `read`.
//! [`wired!`] makes a nested attribute of them.

use tfsdk::value::Tf;

/// The value, and null for one that nobody knows yet.
pub(super) fn known_or_null<T: Clone>(value: &Tf<T>) -> Tf<T> {
    value.known().cloned().into()
}

/// A nested attribute that is an object of the API.
pub(super) trait Part: Sized {
    /// The API's object.
    type Api: Clone + Default;

    /// Sets in `api` what is known here; everything else in it stays.
    fn write(&self, api: &mut Self::Api);

    /// The object as the API tells it.
    fn read(api: &Self::Api) -> Self;
}

/// Implements [`Part`]: for each attribute its form, its name, and the API's
/// member.
macro_rules! wired {
    ($part:ty = $api:ty { $($form:ident $attribute:ident = $member:ident),* $(,)? }) => {
        impl $crate::services::tcm::wire::Part for $part {
            type Api = $api;

            fn write(&self, api: &mut $api) {
                $($crate::services::tcm::wire::$form::write(&self.$attribute, &mut api.$member);)*
            }

            fn read(api: &$api) -> Self {
                Self {
                    $($attribute: $crate::services::tcm::wire::$form::read(&api.$member),)*
                }
            }
        }
    };
}
pub(super) use wired;

/// A value of the same type.
pub(super) mod leaf {
    use tfsdk::value::Tf;

    pub(in super::super) fn write<T: Clone>(value: &Tf<T>, member: &mut Option<T>) {
        if let Some(value) = value.known() {
            *member = Some(value.clone());
        }
    }

    pub(in super::super) fn read<T: Clone>(member: &Option<T>) -> Tf<T> {
        member.clone().into()
    }
}

/// Text that the API always has; empty is absent.
pub(super) mod text {
    use tfsdk::value::Tf;

    pub(in super::super) fn write(value: &Tf<String>, member: &mut String) {
        if let Some(value) = value.known() {
            member.clone_from(value);
        }
    }

    pub(in super::super) fn read(member: &str) -> Tf<String> {
        Tf::unless_empty(member)
    }
}

/// A number that the API always has.
pub(super) mod count {
    use tfsdk::value::Tf;

    pub(in super::super) fn write(value: &Tf<u64>, member: &mut u64) {
        if let Some(value) = value.known() {
            *member = *value;
        }
    }

    pub(in super::super) fn read(member: &u64) -> Tf<u64> {
        Tf::Known(*member)
    }
}

/// A password.
pub(super) mod secret {
    use tfsdk::value::Tf;

    use crate::secret::Secret;

    pub(in super::super) fn write(value: &Tf<String>, member: &mut Option<Secret>) {
        if let Some(value) = value.known() {
            *member = Some(Secret::new(value.as_str()));
        }
    }

    /// The API may answer with a mask, or not at all: it is never taken over.
    pub(in super::super) fn read(_member: &Option<Secret>) -> Tf<String> {
        Tf::Null
    }
}

/// Texts without order.
pub(super) mod set {
    use std::collections::BTreeSet;

    use tfsdk::value::Tf;

    pub(in super::super) fn write(value: &Tf<BTreeSet<String>>, member: &mut Option<Vec<String>>) {
        if let Some(value) = value.known() {
            let same = *value == member.iter().flatten().cloned().collect();
            if !same {
                *member = Some(value.iter().cloned().collect());
            }
        }
    }

    pub(in super::super) fn read(member: &Option<Vec<String>>) -> Tf<BTreeSet<String>> {
        member.as_ref().map(|items| items.iter().cloned().collect()).into()
    }
}

/// A nested object.
pub(super) mod part {
    use tfsdk::value::Tf;

    use super::Part;

    pub(in super::super) fn write<P: Part>(value: &Tf<P>, member: &mut Option<P::Api>) {
        if let Some(value) = value.known() {
            value.write(member.get_or_insert_default());
        }
    }

    pub(in super::super) fn read<P: Part>(member: &Option<P::Api>) -> Tf<P> {
        member.as_ref().map(P::read).into()
    }
}

/// A list of nested objects, which is written as a whole.
pub(super) mod parts {
    use tfsdk::value::Tf;

    use super::Part;

    pub(in super::super) fn write<P: Part>(value: &Tf<Vec<P>>, member: &mut Option<Vec<P::Api>>) {
        if let Some(value) = value.known() {
            let mut items = member.take().unwrap_or_default();
            items.resize_with(value.len(), P::Api::default);
            value.iter().zip(&mut items).for_each(|(value, item)| value.write(item));
            *member = Some(items);
        }
    }

    pub(in super::super) fn read<P: Part>(member: &Option<Vec<P::Api>>) -> Tf<Vec<P>> {
        member.as_ref().map(|items| items.iter().map(P::read).collect()).into()
    }
}

/// Amounts of resources by their name, which the API has as a list.
pub(super) mod quantities {
    use std::collections::BTreeMap;

    use serde_json::json;
    use tfsdk::value::{Tf, Value};

    use crate::{cloud::api::tcm::Resource, cluster::same_quantity};

    pub(in super::super) fn write(
        value: &Tf<BTreeMap<String, String>>,
        member: &mut Option<Vec<Resource>>,
    ) {
        let Some(value) = value.known() else { return };
        let before = member.as_deref().unwrap_or_default();
        let resource = |(name, quantity): (&String, &String)| {
            let same = |known: &&Resource| known.name == *name && same(&known.quantity, quantity);
            before
                .iter()
                .find(same)
                .cloned()
                .unwrap_or_else(|| Resource { name: name.clone(), quantity: quantity.clone() })
        };
        *member = Some(value.iter().map(resource).collect());
    }

    pub(in super::super) fn read(member: &Option<Vec<Resource>>) -> Tf<BTreeMap<String, String>> {
        let entry = |resource: &Resource| (resource.name.clone(), resource.quantity.clone());
        member.as_ref().map(|list| list.iter().map(entry).collect()).into()
    }

    /// Whether two maps of quantities have the same amounts, however spelled.
    pub(in super::super) fn equivalent(one: &Value, other: &Value) -> bool {
        let (Value::Map(one), Value::Map(other)) = (one, other) else { return false };
        let quantity = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        one.keys().eq(other.keys())
            && one.values().zip(other.values()).all(|(a, b)| same(&quantity(a), &quantity(b)))
    }

    fn same(one: &str, other: &str) -> bool {
        one == other || same_quantity(&json!(one), &json!(other))
    }
}

/// Tags by key, which the API has as a list.
pub(super) mod tags {
    use std::collections::BTreeMap;

    use tfsdk::value::Tf;

    use crate::cloud::api::tcm::MeshTag;

    pub(in super::super) fn write(
        value: &Tf<BTreeMap<String, String>>,
        member: &mut Option<Vec<MeshTag>>,
    ) {
        if let Some(value) = value.known() {
            let tag = |(key, value): (&String, &String)| MeshTag {
                key: key.clone(),
                value: value.clone(),
                passthrough: None,
            };
            *member = Some(value.iter().map(tag).collect());
        }
    }

    pub(in super::super) fn read(member: &Option<Vec<MeshTag>>) -> Tf<BTreeMap<String, String>> {
        let entry = |tag: &MeshTag| (tag.key.clone(), tag.value.clone());
        member.as_ref().map(|list| list.iter().map(entry).collect()).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use tfsdk::value::{Tf, Value};

    use super::*;
    use crate::cloud::api::tcm::Resource;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn resource(name: &str, quantity: &str) -> Resource {
        Resource { name: name.into(), quantity: quantity.into() }
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        let (mut leaf_member, mut set_member) = (Some(3), Some(vec!["a".to_owned()]));
        leaf::write(&Tf::Unknown, &mut leaf_member);
        leaf::write(&Tf::Null, &mut leaf_member);
        set::write(&Tf::Unknown, &mut set_member);
        assert_eq!((leaf_member, set_member), (Some(3), Some(vec!["a".to_owned()])));
    }

    #[test]
    fn an_order_that_means_nothing_is_left_alone() {
        let mut member = Some(vec!["b".to_owned(), "a".to_owned()]);
        set::write(&Tf::Known(BTreeSet::from(["a".into(), "b".into()])), &mut member);
        assert_eq!(member.as_deref(), Some(&["b".to_owned(), "a".to_owned()][..]));
        set::write(&Tf::Known(BTreeSet::new()), &mut member);
        assert_eq!(member.as_deref(), Some(&[][..]));
        let mut absent = None;
        set::write(&Tf::Known(BTreeSet::new()), &mut absent);
        assert_eq!(absent, None);
    }

    #[test]
    fn the_clouds_spelling_of_a_quantity_is_left_alone() {
        let mut member = Some(vec![resource("cpu", "1"), resource("memory", "1Gi")]);
        quantities::write(&Tf::Known(map(&[("cpu", "1000m")])), &mut member);
        assert_eq!(member, Some(vec![resource("cpu", "1")]));
        quantities::write(&Tf::Known(map(&[("cpu", "2")])), &mut member);
        assert_eq!(member, Some(vec![resource("cpu", "2")]));
    }

    #[test]
    fn quantities_are_the_same_however_spelled() {
        let value = |pairs| -> Value {
            map(pairs).into_iter().map(|(key, text)| (key, Value::from(text.as_str()))).collect()
        };
        let (one, other) = (value(&[("cpu", "1000m")]), value(&[("cpu", "1")]));
        assert!(quantities::equivalent(&one, &other));
        assert!(!quantities::equivalent(&one, &value(&[("cpu", "2")])));
        assert!(!quantities::equivalent(&one, &value(&[("memory", "1")])));
    }
}
