//! Names, labels, annotations and finalizers.

use serde_json::Value;

use crate::kubernetes::kinds::Kind;
use crate::kubernetes::status::Cause;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
     characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
     'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
     or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
     '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, \
     '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
     'my_value',  or '12345', regex used for validation is \
     '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must \
     start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', \
     regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// What is wrong with an object's metadata.
pub(crate) fn causes(kind: &Kind, live: Option<&Value>, object: &Value) -> Vec<Cause> {
    let metadata = &object["metadata"];
    let mut causes = Vec::new();
    if live.is_none() {
        causes.extend(name_cause(kind, &metadata["name"]));
    }
    for (key, value) in entries(&metadata["labels"]) {
        if !is_qualified(key) {
            causes.push(Cause::invalid("metadata.labels", &Value::from(key.as_str()), KEY));
        }
        let text = value.as_str().unwrap_or_default();
        if text.len() > 63 {
            causes.push(Cause::invalid(
                "metadata.labels",
                value,
                "must be no more than 63 characters",
            ));
        } else if !text.is_empty() && !is_name(text, true, "-_.") {
            causes.push(Cause::invalid("metadata.labels", value, VALUE));
        }
    }
    for (key, _) in entries(&metadata["annotations"]) {
        if !is_qualified(&key.to_lowercase()) {
            causes.push(Cause::invalid("metadata.annotations", &Value::from(key.as_str()), KEY));
        }
    }
    causes.extend(finalizer_causes(live, metadata));
    causes
}

fn finalizer_causes(live: Option<&Value>, metadata: &Value) -> Option<Cause> {
    let live = live?;
    live["metadata"].get("deletionTimestamp")?;
    let list = |value: &Value| value["finalizers"].as_array().cloned().unwrap_or_default();
    let before = list(&live["metadata"]);
    let added: Vec<String> =
        list(metadata).iter().filter(|one| !before.contains(one)).map(Value::to_string).collect();
    (!added.is_empty()).then(|| {
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers \
             []string{{{}}}",
            added.join(", ")
        );
        Cause::forbidden("metadata.finalizers", &detail)
    })
}

fn name_cause(kind: &Kind, name: &Value) -> Option<Cause> {
    let text = name.as_str().unwrap_or_default();
    if kind.group == "rbac.authorization.k8s.io" {
        let wrong = text.contains(['/', '%']) || matches!(text, "." | "..");
        return wrong.then(|| Cause::invalid("metadata.name", name, "may not contain '/' or '%'"));
    }
    let label_only = kind.is("", "namespaces") || kind.is("", "services");
    if label_only {
        let fits = is_name(text, false, "-") && text.len() <= 63;
        return (!fits).then(|| Cause::invalid("metadata.name", name, LABEL));
    }
    let fits = text.len() <= 253 && text.split('.').all(|part| is_name(part, false, "-"));
    (!fits).then(|| Cause::invalid("metadata.name", name, SUBDOMAIN))
}

/// `prefix.example.com/name` or `name`.
fn is_qualified(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let prefix_fits = prefix.is_none_or(|prefix| {
        prefix.len() <= 253 && prefix.split('.').all(|part| is_name(part, false, "-"))
    });
    prefix_fits && name.len() <= 63 && is_name(name, true, "-_.")
}

/// Alphanumeric at both ends, with some more characters allowed between.
fn is_name(text: &str, upper: bool, between: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_digit() || c.is_ascii_lowercase() || upper && c.is_ascii_uppercase();
    !text.is_empty()
        && text.starts_with(plain)
        && text.ends_with(plain)
        && text.chars().all(|c| plain(c) || between.contains(c))
}

fn entries(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified_names() {
        for good in ["a", "app.kubernetes.io/name", "A_b.c", "sidecar.istio.io/inject"] {
            assert!(is_qualified(good), "{good}");
        }
        for bad in ["", "a/", "/a", "a b", "-a", "UPPER.io/x/y", &"x".repeat(64)] {
            assert!(!is_qualified(bad), "{bad}");
        }
    }
}
