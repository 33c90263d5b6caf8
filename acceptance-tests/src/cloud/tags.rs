//! Tags of all products' resources, in one place as in the cloud itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Tags by resource prefix (`ccn`, `mesh`, `cluster`: the fifth segment of the
/// six-segment name, before the slash) and resource id.
#[derive(Clone, Debug, Default)]
pub struct Tags(BTreeMap<(String, String), BTreeMap<String, String>>);

impl Tags {
    /// Tags of a resource, in key order.
    pub fn of(&self, prefix: &str, id: &str) -> impl Iterator<Item = (&str, &str)> {
        let tags = self.0.get(&(prefix.to_owned(), id.to_owned()));
        tags.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Tags of a resource as the list `[{Key, Value}]` of most answers.
    pub fn listing(&self, prefix: &str, id: &str) -> Value {
        self.of(prefix, id).map(|(key, value)| json!({"Key": key, "Value": value})).collect()
    }

    /// Sets one tag.
    pub fn set(&mut self, prefix: &str, id: &str, key: &str, value: &str) {
        let resource = self.0.entry((prefix.to_owned(), id.to_owned())).or_default();
        resource.insert(key.to_owned(), value.to_owned());
    }

    /// Sets the tags of a create call's `[{Key, Value}]`.
    pub fn set_listing(&mut self, prefix: &str, id: &str, tags: &[Value]) {
        for tag in tags {
            let key = tag["Key"].as_str().unwrap_or_default();
            self.set(prefix, id, key, tag["Value"].as_str().unwrap_or_default());
        }
    }

    /// Removes one tag. Returns whether it was there.
    pub fn remove(&mut self, prefix: &str, id: &str, key: &str) -> bool {
        let resource = self.0.get_mut(&(prefix.to_owned(), id.to_owned()));
        resource.is_some_and(|tags| tags.remove(key).is_some())
    }

    /// Forgets a resource that is gone.
    pub fn clear(&mut self, prefix: &str, id: &str) {
        self.0.remove(&(prefix.to_owned(), id.to_owned()));
    }

    /// Every tagged resource: prefix, id, tags.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &BTreeMap<String, String>)> {
        self.0.iter().map(|((prefix, id), tags)| (prefix.as_str(), id.as_str(), tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_a_resource_come_in_key_order() {
        let mut tags = Tags::default();
        tags.set_listing("ccn", "ccn-1", &[json!({"Key": "b", "Value": "2"})]);
        tags.set("ccn", "ccn-1", "a", "1");
        tags.set("mesh", "ccn-1", "c", "3");
        assert_eq!(tags.of("ccn", "ccn-1").collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        assert!(tags.remove("ccn", "ccn-1", "a"));
        assert!(!tags.remove("ccn", "ccn-1", "a"));
        tags.clear("ccn", "ccn-1");
        assert_eq!(tags.listing("ccn", "ccn-1"), json!([]));
    }
}
