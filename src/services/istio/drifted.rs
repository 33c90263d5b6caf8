//! What the cluster has, as attributes.

use std::collections::BTreeMap;

use serde_json::Value;

/// A map of texts; `None` where there is none.
pub(super) fn texts(map: Option<&Value>) -> Option<BTreeMap<String, String>> {
    let entries = map?.as_object()?.iter();
    Some(entries.filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned()))).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_texts_make_a_map_of_texts() {
        assert_eq!(texts(Some(&json!({"a": "b", "c": 1}))).unwrap().len(), 1);
        assert_eq!(texts(Some(&json!({}))), Some(BTreeMap::new()), "empty is not absent");
        assert_eq!(texts(None), None);
    }
}
